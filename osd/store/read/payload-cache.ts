/**
 * Small payloads that clients read lately, as they were verified then: a read that finds its payload here needs no thread of the
 * pool, which costs more than all the rest of it (docs/NODE-LIMITS.md 5). Nothing has to be invalidated: the number of a batch is
 * never used again, so a payload's place names its bytes for ever. What looks for rot does not ask here.
 *
 * Two generations, each of half the room, as in `index/read-cache.ts`.
 */
import { copyBytes } from '../../../base/bytes.js';
import type { PayloadRef } from '../format/payload-ref.js';

/**
 * Larger ones are read from the disk as fast as they are sent, into memory that is used again. Objects of 64 KiB, four times as many
 * bytes of them as fit: read so 224 to 288 us of an OSD for each, and 475 to 602 when each took the place of another here.
 */
export const cachedPayloadBytesMax = 32 * 1024;

/** Of an entry in a map of V8, with its key and the array. */
const entryOverheadBytes = 250;
/** Node cuts smaller buffers from slabs of 8 KiB, which a piece would keep. */
const ownBufferBytesMin = 4096;

export interface PayloadCacheCounts {
  readonly hits: number;
  readonly misses: number;
  readonly entries: number;
}

type Key = `${number}.${number}`;

export class PayloadCache {
  readonly #youngBytesMax: number;
  #young = new Map<Key, Uint8Array>();
  #old = new Map<Key, Uint8Array>();
  #youngBytes = 0;
  #hits = 0;
  #misses = 0;

  /** 0: nothing is kept. */
  constructor(bytesMax: number) {
    this.#youngBytesMax = bytesMax / 2;
  }

  get counts(): PayloadCacheCounts {
    return { hits: this.#hits, misses: this.#misses, entries: this.#young.size + this.#old.size };
  }

  /** All bytes of the payload, not to be changed. */
  get(payload: PayloadRef): Uint8Array | undefined {
    if (payload.bytes > cachedPayloadBytesMax) return undefined;
    const key = keyOf(payload);
    const young = this.#young.get(key);
    if (young !== undefined) {
      this.#hits += 1;
      return young;
    }
    const old = this.#old.get(key);
    if (old === undefined) {
      this.#misses += 1;
      return undefined;
    }
    this.#hits += 1;
    this.#old.delete(key);
    this.#put(key, old);
    return old;
  }

  /** Whether it would be kept. */
  keeps({ bytes }: PayloadRef): boolean {
    return bytes <= cachedPayloadBytesMax && bytes + entryOverheadBytes <= this.#youngBytesMax;
  }

  /** All bytes of the payload, verified, and not to be changed from here on. */
  add(payload: PayloadRef, data: Uint8Array): void {
    if (payload.bytes > cachedPayloadBytesMax || data.byteLength !== payload.bytes) return;
    this.#put(keyOf(payload), data.byteLength < ownBufferBytesMin ? copyBytes(data) : data);
  }

  #put(key: Key, data: Uint8Array): void {
    const bytes = data.byteLength + entryOverheadBytes;
    if (bytes > this.#youngBytesMax) return;
    if (this.#youngBytes + bytes > this.#youngBytesMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(key, data);
    this.#youngBytes += bytes;
  }
}

function keyOf({ batch, offset }: PayloadRef): Key {
  return `${batch}.${offset}`;
}
