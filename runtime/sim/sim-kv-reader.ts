/** Reads of a simulated key-value store: of the present state, of snapshots, and walks. */
import { CairnError, isCairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import type { OrderedMap, OrderedMapCursor } from '../../base/ordered-map.js';
import type { KvEntry, KvIterateOptions, KvIterator, KvKey, KvSnapshot } from '../kv.js';
import { openValue, showKey } from '../kv-seal.js';

const entriesPerCallMax = 10_000;

/** The open store that is read from. */
export interface KvHandle {
  checkOpen(): void;
  /** A call to the thread pool that reads about so many bytes. */
  call<T>(kind: string, bytes: number, finish: () => T): Promise<T>;
  /** By the seed, between 1 and `most`: callers must not count on full answers. */
  someOf(most: number): number;
}

/** Reads of the state that `map` returns when the call is made. */
export class LiveReader {
  readonly #kv: KvHandle;
  readonly #map: () => OrderedMap<Uint8Array>;

  constructor(kv: KvHandle, map: () => OrderedMap<Uint8Array>) {
    this.#kv = kv;
    this.#map = map;
  }

  async get(key: KvKey): Promise<Uint8Array | undefined> {
    checkKey(key);
    return await this.#kv.call('kv.get', 0, () => readValue(this.#map(), key));
  }

  async getMany(keys: readonly KvKey[]): Promise<(Uint8Array | undefined)[]> {
    const wanted = [...keys];
    for (const key of wanted) checkKey(key);
    return await this.#kv.call('kv.get-many', 0, () => wanted.map((key) => readValue(this.#map(), key)));
  }
}

export class SimKvSnapshot implements KvSnapshot {
  readonly #kv: KvHandle;
  readonly #map: OrderedMap<Uint8Array>;
  readonly #iterators: SimKvIterator[] = [];
  #isClosed = false;

  constructor(kv: KvHandle, map: OrderedMap<Uint8Array>) {
    this.#kv = kv;
    this.#map = map;
  }

  async get(key: KvKey): Promise<Uint8Array | undefined> {
    this.#checkOpen();
    return await new LiveReader(this.#kv, () => this.#map).get(key);
  }

  async getMany(keys: readonly KvKey[]): Promise<(Uint8Array | undefined)[]> {
    this.#checkOpen();
    return await new LiveReader(this.#kv, () => this.#map).getMany(keys);
  }

  iterate(options: KvIterateOptions): KvIterator {
    this.#checkOpen();
    const iterator = new SimKvIterator(this.#kv, cursorOf(this.#map, options), options.onDamaged);
    this.#iterators.push(iterator);
    return iterator;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const iterator of this.#iterators) void iterator.close();
  }

  #checkOpen(): void {
    this.#kv.checkOpen();
    if (this.#isClosed) throw new CairnError('CLOSED', 'the snapshot is closed');
  }
}

export class SimKvIterator implements KvIterator {
  readonly #kv: KvHandle;
  readonly #cursor: OrderedMapCursor<Uint8Array>;
  readonly #onDamaged: KvIterateOptions['onDamaged'];
  #isClosed = false;
  #isBusy = false;

  constructor(kv: KvHandle, cursor: OrderedMapCursor<Uint8Array>, onDamaged: KvIterateOptions['onDamaged']) {
    this.#kv = kv;
    this.#cursor = cursor;
    this.#onDamaged = onDamaged;
  }

  async next(entriesMax: number): Promise<readonly KvEntry[]> {
    invariant(Number.isInteger(entriesMax), 'a number of entries is an integer', { entriesMax });
    invariant(entriesMax >= 1 && entriesMax <= entriesPerCallMax, 'a call returns 1 to 10,000 entries', { entriesMax });
    this.#begin();
    this.#isBusy = true;
    try {
      return await this.#kv.call('kv.next', 0, () => {
        const entries: KvEntry[] = [];
        const most = this.#kv.someOf(entriesMax);
        while (entries.length < most && this.#cursor.next()) {
          const entry = this.#open();
          if (entry !== undefined) entries.push(entry);
        }
        return entries;
      });
    } finally {
      this.#isBusy = false;
    }
  }

  seek(key: KvKey): void {
    this.#begin();
    checkKey(key);
    this.#cursor.seek(key);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** `undefined` for a damaged one that is reported. */
  #open(): KvEntry | undefined {
    const { key, value } = this.#cursor;
    try {
      return { key, value: Buffer.from(openValue(key, value)) };
    } catch (error) {
      if (this.#onDamaged === undefined || !isCairnError(error, 'CORRUPT')) throw error;
      this.#onDamaged(key, error);
      return undefined;
    }
  }

  #begin(): void {
    this.#kv.checkOpen();
    if (this.#isClosed) throw new CairnError('CLOSED', 'the iterator is closed');
    invariant(!this.#isBusy, 'an iterator serves one call at a time');
  }
}

/** Verified, and the caller's to keep. */
export function readValue(map: OrderedMap<Uint8Array>, key: KvKey): Uint8Array | undefined {
  const sealed = map.get(key);
  return sealed === undefined ? undefined : Buffer.from(openValue(key, sealed));
}

export function cursorOf(map: OrderedMap<Uint8Array>, range: KvIterateOptions): OrderedMapCursor<Uint8Array> {
  for (const key of [range.gte, range.gt, range.lte, range.lt]) if (key !== undefined) checkKey(key);
  return map.cursor(range);
}

export function checkKey(key: KvKey): void {
  if (/[\u0100-\uffff]/.test(key)) {
    throw new CairnError('INVALID_ARGUMENT', `key ${showKey(key)} has characters above \\xff; keys are latin1`);
  }
}

/** No value is stored under the empty key. */
export function checkStoredKey(key: KvKey): void {
  if (key === '') throw new CairnError('INVALID_ARGUMENT', 'a key has at least one byte');
  checkKey(key);
}
