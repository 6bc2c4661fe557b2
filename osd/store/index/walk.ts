/**
 * A walk over a range of the index, through the layers, forward or back. It sees every key that is there all the while;
 * what changes meanwhile, it sees as it is when it comes by, key by key.
 *
 * LevelDB's part is read from an iterator that belongs to one version of the index. When a checkpoint came between, that
 * iterator may lack what the layers no longer have, so the walk begins a new one behind the last key that it returned.
 */
import type { KvEntry, KvIterator } from '../../../runtime/kv.js';
import type { KeyRange } from '../format/index-key.js';
import type { Index } from './index.js';
import type { Layer } from './layer.js';

export interface IndexEntry {
  readonly key: string;
  /** Lent: a view that must not be changed. */
  readonly value: Uint8Array;
}

export interface WalkOptions {
  readonly reverse?: boolean;
}

/** How many entries are read from LevelDB at a time. */
const pageEntries = 256;

export class IndexWalk {
  readonly #index: Index;
  readonly #reverse: boolean;
  /** What is left to walk. */
  #gte: string;
  #lt: string;
  #iterator: KvIterator | undefined;
  #version = -1;
  /** Read from LevelDB at `#version` and not returned yet. */
  #below: readonly KvEntry[] = [];
  #isBelowDone = false;

  constructor(index: Index, range: KeyRange, options: WalkOptions = {}) {
    this.#index = index;
    this.#gte = range.gte;
    this.#lt = range.lt;
    this.#reverse = options.reverse === true;
  }

  /** The next entries, 1 to `entriesMax`; none only at the end. */
  async next(entriesMax: number): Promise<IndexEntry[]> {
    while (this.#gte < this.#lt) {
      if (!(await this.#readBelow())) continue;
      const entries = this.#merge(entriesMax);
      if (entries.length > 0) return entries;
    }
    return [];
  }

  /** Goes on at the first key at or after `key`; in reverse, at the last before it. Only ever onwards. */
  seek(key: string): void {
    if (this.#reverse) this.#lt = key < this.#lt ? key : this.#lt;
    else this.#gte = key > this.#gte ? key : this.#gte;
    this.#version = -1;
  }

  async close(): Promise<void> {
    this.#gte = this.#lt;
    const iterator = this.#iterator;
    this.#iterator = undefined;
    await iterator?.close();
  }

  /** Fills `#below`. False when a checkpoint came between, so that it must be done again. */
  async #readBelow(): Promise<boolean> {
    if (this.#version !== this.#index.version) await this.#restart();
    if (this.#below.length > 0 || this.#isBelowDone || this.#iterator === undefined) {
      return this.#version === this.#index.version;
    }
    const page = await this.#iterator.next(pageEntries);
    if (this.#version !== this.#index.version) return false;
    this.#below = page;
    this.#isBelowDone = page.length === 0;
    return true;
  }

  async #restart(): Promise<void> {
    const old = this.#iterator;
    this.#iterator = undefined;
    await old?.close();
    this.#version = this.#index.version;
    this.#below = [];
    this.#isBelowDone = false;
    this.#iterator = this.#index.kv.iterate({ gte: this.#gte, lt: this.#lt, reverse: this.#reverse });
  }

  /** Within one turn: up to `entriesMax` entries from layers and `#below`, and moves on behind them. */
  #merge(entriesMax: number): IndexEntry[] {
    const last = this.#below.at(-1)?.key;
    // Beyond the last key of the page, LevelDB may have more that would come first.
    const range =
      this.#isBelowDone || last === undefined
        ? { gte: this.#gte, lt: this.#lt, reverse: this.#reverse }
        : this.#reverse
          ? { gte: last, lt: this.#lt, reverse: true }
          : { gte: this.#gte, lte: last, reverse: false };
    const { active, frozen } = this.#index;
    const upper = new LayerCursor(active, range);
    const middle = frozen === undefined ? undefined : new LayerCursor(frozen, range);
    const entries: IndexEntry[] = [];
    let below = 0;
    let at: string | undefined;
    while (entries.length < entriesMax) {
      const belowEntry = this.#below[below];
      const key = this.#first(upper.key, middle?.key, belowEntry?.key);
      if (key === undefined) break;
      at = key;
      let value: Uint8Array | null | undefined = upper.key === key ? upper.take() : undefined;
      const isHidden = value === undefined && active.covers(key);
      const fromMiddle = middle?.key === key ? middle.take() : undefined;
      if (value === undefined) value = isHidden ? null : fromMiddle;
      if (belowEntry?.key === key) {
        below += 1;
        if (value === undefined) value = frozen?.covers(key) === true ? null : belowEntry.value;
      }
      if (value !== null && value !== undefined) entries.push({ key, value });
    }
    this.#below = this.#below.slice(below);
    const isFull = entries.length >= entriesMax;
    this.#advance(isFull ? at : this.#isBelowDone ? undefined : (last ?? at));
    return entries;
  }

  /** Behind `key`; to the end when there is none. */
  #advance(key: string | undefined): void {
    if (key === undefined) this.#gte = this.#lt;
    else if (this.#reverse) this.#lt = key;
    else this.#gte = `${key}\0`;
  }

  #first(...keys: readonly (string | undefined)[]): string | undefined {
    let first: string | undefined;
    for (const key of keys) {
      if (key === undefined) continue;
      if (first === undefined || (this.#reverse ? key > first : key < first)) first = key;
    }
    return first;
  }
}

/** Stands on an entry, or behind the last. */
class LayerCursor {
  readonly #cursor;
  key: string | undefined;

  constructor(layer: Layer, range: { gte: string; lt?: string; lte?: string; reverse: boolean }) {
    this.#cursor = layer.viewPoints(range);
    this.#move();
  }

  take(): Uint8Array | null {
    const { value } = this.#cursor;
    this.#move();
    return value;
  }

  #move(): void {
    this.key = this.#cursor.next() ? this.#cursor.key : undefined;
  }
}
