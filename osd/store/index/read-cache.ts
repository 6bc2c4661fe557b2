/**
 * Values read from LevelDB, and keys known to be absent there. Two generations, each of half the room: what is used goes to
 * the young one, which becomes the old one when it is full, and what was in that one and not used since is gone. A hit is
 * one look; to keep an exact order of use takes three, and each hit pays for it.
 */
import { ShardedMap } from '../../../base/sharded-map.js';
import { hashByteAt } from '../format/index-key.js';

/** Of an entry in a map of V8, beside key and value. */
const entryOverheadBytes = 150;

type Generation = ShardedMap<Uint8Array | null>;

function newGeneration(): Generation {
  return new ShardedMap(hashByteAt);
}

export class ReadCache {
  readonly #youngBytesMax: number;
  #young: Generation = newGeneration();
  #old: Generation = newGeneration();
  #youngBytes = 0;

  constructor(bytesMax: number) {
    this.#youngBytesMax = bytesMax / 2;
  }

  /** `null`: known to be absent. */
  get(key: string): Uint8Array | null | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#put(key, old);
    return old;
  }

  add(key: string, value: Uint8Array | null): void {
    this.drop(key);
    this.#put(key, value);
  }

  drop(key: string): void {
    const value = this.#young.get(key);
    if (value !== undefined) {
      this.#young.delete(key);
      this.#youngBytes -= sizeOf(key, value);
    }
    if (this.#old.size > 0) this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngBytes = 0;
  }

  #put(key: string, value: Uint8Array | null): void {
    const bytes = sizeOf(key, value);
    if (bytes > this.#youngBytesMax) return;
    if (this.#youngBytes + bytes > this.#youngBytesMax) {
      this.#old = this.#young;
      this.#young = newGeneration();
      this.#youngBytes = 0;
    }
    this.#young.set(key, value);
    this.#youngBytes += bytes;
  }
}

function sizeOf(key: string, value: Uint8Array | null): number {
  return key.length + (value?.byteLength ?? 0) + entryOverheadBytes;
}
