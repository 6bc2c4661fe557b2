/**
 * Keeps the filter of absent keys: fills it in the background when a store was opened, and makes a larger one when it has
 * become full. Until it is filled, it says nothing.
 *
 * A new filter gets the keys of the layers as they were when it was begun, then those of LevelDB, and meanwhile every key
 * that is put: one that a checkpoint writes down while LevelDB is walked is in the walk or was in a layer.
 */
import { supervise } from '../../../runtime/supervise.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { isCairnError } from '../../../base/errors.js';
import type { OrderedMapCursor } from '../../../base/ordered-map.js';
import type { Kv } from '../../../runtime/kv.js';
import { prefixRange } from '../format/index-key.js';
import { AbsenceFilter } from './absence-filter.js';

const capacityMin = 2 ** 17;
/** 64 MiB. Beyond, the filter is right less often. */
const capacityMax = 2 ** 25 * 1.6;
const pageEntries = 1_000;

/** Walks over the keys of the layers as they are now. */
export type LayerKeys = () => readonly OrderedMapCursor<unknown>[];

/** Key spaces in which what is asked for is often new. */
const filteredSpaces = ['o', 'm'] as const;

function isFiltered(key: string): boolean {
  const space = key.charCodeAt(0);
  return space === headSpace || space === omapSpace;
}

const [headSpace, omapSpace] = [filteredSpaces[0].charCodeAt(0), filteredSpaces[1].charCodeAt(0)];

export class Absence {
  readonly #runtime: Runtime;
  readonly #kv: Kv;
  /** Knows all keys. */
  #filter: AbsenceFilter | undefined;
  /** Being filled. */
  #next: AbsenceFilter | undefined;
  #isClosed = false;
  /** What cannot be walked once is not walked again for every key that comes: the filter stays as large as it is. */
  #hasFailed = false;
  #filling: Promise<void> | undefined;
  #layerKeys: LayerKeys = () => [];

  constructor(runtime: Runtime, kv: Kv) {
    this.#runtime = runtime;
    this.#kv = kv;
  }

  /** Begins to fill a filter. Keys put from here on are added. */
  start(layerKeys: LayerKeys): void {
    this.#layerKeys = layerKeys;
    this.#fill(capacityMin);
  }

  /** True: neither LevelDB nor any layer has the key. */
  isAbsent(key: string): boolean {
    return this.#filter !== undefined && isFiltered(key) && !this.#filter.mayHave(key);
  }

  /** The key is in the layers, or will be before another turn. */
  put(key: string): void {
    if (!isFiltered(key)) return;
    this.#next?.put(key);
    const filter = this.#filter;
    if (filter === undefined) return;
    filter.put(key);
    if (filter.added > filter.capacity && this.#next === undefined && filter.capacity < capacityMax) {
      // With the one that made it begin.
      this.#fill(Math.min(capacityMax, filter.capacity * 4))?.add(key);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#filling;
  }

  /** Returns the filter that is being filled. */
  #fill(capacity: number): AbsenceFilter | undefined {
    if (this.#isClosed || this.#hasFailed) return undefined;
    const filter = new AbsenceFilter(capacity);
    this.#next = filter;
    this.#filling = this.#run(filter, this.#layerKeys()).then((isComplete) => {
      this.#next = undefined;
      this.#filling = undefined;
      if (!isComplete) return;
      this.#filter = filter;
      // More keys than it was made for: what was found out by counting.
      if (filter.added > filter.capacity && capacity < capacityMax) this.#fill(Math.min(capacityMax, filter.added * 2));
    });
    supervise(this.#runtime, 'filling the filter of absent keys', this.#filling);
    return filter;
  }

  async #run(filter: AbsenceFilter, layers: readonly OrderedMapCursor<unknown>[]): Promise<boolean> {
    try {
      for (const cursor of layers) {
        for (let count = 1; cursor.next(); count++) {
          if (isFiltered(cursor.key)) filter.add(cursor.key);
          if (count % pageEntries !== 0) continue;
          await this.#runtime.clock.yieldTurn();
          if (this.#isClosed) return false;
        }
      }
      for (const space of filteredSpaces) {
        const iterator = this.#kv.iterate(prefixRange(space));
        try {
          for (;;) {
            if (this.#isClosed) return false;
            const entries = await iterator.next(pageEntries);
            if (entries.length === 0) break;
            for (const { key } of entries) filter.add(key);
          }
        } finally {
          await iterator.close();
        }
      }
      return true;
    } catch (error) {
      if (!isCairnError(error)) throw error;
      this.#hasFailed = true;
      // Damage is found, and told, by whoever reads the key; without a filter every key is looked up.
      this.#runtime.log.warn({ error: error.message }, 'the filter of absent keys could not be filled');
      return false;
    }
  }
}
