/** The index of a store, read in spite of damage: a walk goes on behind a value whose checksum fails, and says so. */
import { isCairnError, type CairnError } from '../../../base/errors.js';
import type { Kv, KvEntry, KvIterateOptions, KvIterator } from '../../../runtime/kv.js';

/** `onDamaged` gets the error for each damaged value that a walk skips. Reads of one key fail as ever. */
export function tolerantKv(kv: Kv, onDamaged: (error: CairnError) => void): Kv {
  return {
    get: (key) => kv.get(key),
    getMany: (keys) => kv.getMany(keys),
    getSync: (key) => kv.getSync(key),
    iterate: (options) => new TolerantIterator(kv, options, onDamaged),
    batch: (operations, options) => kv.batch(operations, options),
    newBatch: () => kv.newBatch(),
    snapshot: () => kv.snapshot(),
    approximateBytes: (range) => kv.approximateBytes(range),
    compact: (range) => kv.compact(range),
    close: () => kv.close(),
  };
}

class TolerantIterator implements KvIterator {
  readonly #kv: Kv;
  readonly #onDamaged: (error: CairnError) => void;
  #range: KvIterateOptions;
  #iterator: KvIterator;
  /** So many entries are read one by one, since one of them is damaged. */
  #single = 0;

  constructor(kv: Kv, range: KvIterateOptions, onDamaged: (error: CairnError) => void) {
    this.#kv = kv;
    this.#range = range;
    this.#onDamaged = onDamaged;
    this.#iterator = kv.iterate(range);
  }

  async next(entriesMax: number): Promise<readonly KvEntry[]> {
    for (;;) {
      const count = this.#single > 0 ? 1 : entriesMax;
      try {
        const entries = await this.#iterator.next(count);
        this.#single = Math.max(0, this.#single - 1);
        const last = entries.at(-1)?.key;
        if (last !== undefined)
          this.#range = this.#range.reverse === true ? below(this.#range, last) : above(this.#range, last);
        return entries;
      } catch (error) {
        if (!isCairnError(error, 'CORRUPT')) throw error;
        if (count === 1) {
          // The iterator stands behind it.
          this.#onDamaged(error);
          this.#single = Math.max(0, this.#single - 1);
          continue;
        }
        await this.#iterator.close();
        this.#iterator = this.#kv.iterate(this.#range);
        this.#single = entriesMax;
      }
    }
  }

  seek(key: string): void {
    this.#iterator.seek(key);
    this.#single = 0;
    this.#range = this.#range.reverse === true ? { ...this.#range, lte: key } : { ...this.#range, gte: key };
  }

  close(): Promise<void> {
    return this.#iterator.close();
  }
}

function above(range: KvIterateOptions, key: string): KvIterateOptions {
  return { ...range, gt: key };
}

function below(range: KvIterateOptions, key: string): KvIterateOptions {
  return { ...range, lt: key };
}
