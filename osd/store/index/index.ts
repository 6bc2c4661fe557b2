/**
 * The index: LevelDB, written by checkpoints only, and the layers in memory in front of it.
 *
 *     active ──► frozen ──► LevelDB            a key's value is in the first that knows it
 *       ▲ transactions  ▲ a checkpoint writes it down, then it goes
 *
 * While `version` stays the same, LevelDB does not change; whoever waited for LevelDB looks at `version` and at the layers
 * again before it believes what came back.
 */
import { invariant } from '../../../base/invariant.js';
import type { Kv } from '../../../runtime/kv.js';
import type { KeyRange } from '../format/index-key.js';
import type { Absence } from './absence.js';
import { Layer } from './layer.js';
import { MissingKeys } from './missing-keys.js';
import { ReadCache } from './read-cache.js';

const headSpace = 'o'.charCodeAt(0);

/** Values that a transaction waited for. They count only while the index has this version. */
export interface FetchedValues {
  readonly version: number;
  readonly values: ReadonlyMap<string, Uint8Array | null>;
}

export class Index {
  readonly kv: Kv;
  /** What drafts throw. */
  readonly missing = new MissingKeys();
  /** What LevelDB said. Of keys that a layer has it may be old; nobody looks, and `wrote` ends that before the layer goes. */
  readonly #cache: ReadCache;
  readonly #absence: Absence | undefined;
  #active = new Layer();
  #frozen: Layer | undefined;
  #version = 0;

  /** Without a filter of absent keys every one is looked up: offline tools have none. */
  constructor(kv: Kv, cacheBytes: number, absence?: Absence) {
    this.kv = kv;
    this.#absence = absence;
    this.#cache = new ReadCache(cacheBytes);
  }

  /** Begins to keep the filter of absent keys: before anything is put. */
  startAbsence(): void {
    this.#absence?.start(() =>
      [this.#active, ...(this.#frozen === undefined ? [] : [this.#frozen])].map((layer) => layer.keys()),
    );
  }

  get active(): Layer {
    return this.#active;
  }

  get frozen(): Layer | undefined {
    return this.#frozen;
  }

  /** Rises whenever LevelDB may have changed. */
  get version(): number {
    return this.#version;
  }

  /** What memory knows: `null` that the key is absent, `undefined` nothing. */
  peek(key: string): Uint8Array | null | undefined {
    // First, since new keys are common: it knows those of the layers as well.
    if (this.#absence?.isAbsent(key) === true) return null;
    const layered = this.#layered(key);
    return layered === undefined ? this.#cache.get(key) : layered;
  }

  /** `CORRUPT` when the stored value fails its checksum. */
  async get(key: string): Promise<Uint8Array | undefined> {
    for (;;) {
      const known = this.peek(key);
      if (known !== undefined) return known ?? undefined;
      const version = this.#version;
      const value = await this.kv.get(key);
      if (version !== this.#version) continue;
      const written = this.#layered(key);
      if (written !== undefined) return written ?? undefined;
      this.#cache.add(key, value ?? null);
      return value;
    }
  }

  /** Reads keys below the layers, for a transaction that found them missing in memory. */
  async fetch(keys: readonly string[]): Promise<FetchedValues> {
    const version = this.#version;
    const [only] = keys;
    // A single key is common, and cheaper than a list of one.
    const found = keys.length === 1 && only !== undefined ? [await this.kv.get(only)] : await this.kv.getMany(keys);
    const values = new Map(keys.map((key, i) => [key, found[i] ?? null]));
    if (version === this.#version) {
      // What was written meanwhile must not be remembered as it was: the layer that knows better goes before the memory of it.
      for (const [key, value] of values) if (this.#layered(key) === undefined) this.#cache.add(key, value);
    }
    return { version, values };
  }

  put(key: string, value: Uint8Array): void {
    this.#active.put(key, value);
    this.#absence?.put(key);
  }

  delete(key: string): void {
    this.#active.delete(key);
  }

  removeRange(range: KeyRange, dropped: (key: string, value: Uint8Array) => void): void {
    this.#active.removeRange(range, dropped);
  }

  /** What was written so far becomes the frozen layer, for a checkpoint to write down. */
  freeze(): Layer {
    invariant(this.#frozen === undefined, 'one layer at a time is frozen');
    this.#frozen = this.#active;
    this.#active = new Layer();
    return this.#frozen;
  }

  /**
   * To be called for each point of the frozen layer before `thaw`: what was cached of the key is of no more use, whatever
   * hides it until then. Heads of objects are remembered: what was written lately is often written again.
   */
  wrote(key: string, value: Uint8Array | null): void {
    if (value !== null && key.charCodeAt(0) === headSpace && this.#active.get(key) === undefined) {
      this.#cache.add(key, value);
    } else {
      this.#cache.drop(key);
    }
  }

  /** The frozen layer is in LevelDB now, durably. */
  thaw(): void {
    invariant(this.#frozen !== undefined, 'a layer was frozen');
    // Its values stay known only where LevelDB is asked again.
    this.#dropCached(this.#frozen);
    this.#frozen = undefined;
    this.#version += 1;
  }

  #dropCached(layer: Layer): void {
    if (layer.ranges().length > 0) this.#cache.clear();
  }

  #layered(key: string): Uint8Array | null | undefined {
    const active = this.#active.get(key);
    return active === undefined ? this.#frozen?.get(key) : active;
  }
}
