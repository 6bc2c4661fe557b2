/** LevelDB, through `level`. */
import { dirname } from 'node:path';
import { Level } from 'level';
import { latin1Text, viewBuffer } from '../../base/bytes.js';
import { CairnError, isCairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import type { Disk } from '../disk.js';
import type {
  Kv,
  KvBatchBuilder,
  KvBatchOptions,
  KvEntry,
  KvIterateOptions,
  KvIterator,
  KvKey,
  KvOpenOptions,
  KvOperation,
  KvSnapshot,
  KvStore,
} from '../kv.js';
import { openValue, sealValue } from '../kv-seal.js';
import { BatchPool, NodeKvBatchBuilder, SealScratch, type BuilderHost, type ChainedBatch } from './kv-batch-builder.js';
import { KvBatches, type SealedOperation } from './kv-batches.js';
import { kvError, toKeyBytes } from './kv-errors.js';

/** What LevelDB adds to `level`, which also runs in browsers and so declares neither. */
interface LevelDbMethods {
  approximateSize(start: Buffer, end: Buffer): Promise<number>;
  compactRange(start: Buffer, end: Buffer): Promise<void>;
}

type Database = Level<Buffer, Buffer> & LevelDbMethods;
type LevelIterator = ReturnType<typeof openIterator>;
type LevelSnapshot = ReturnType<Database['snapshot']>;

/** How much of a page `next` gathers before it returns; the default of 16 KiB is 50 entries of an index. */
const pageBytes = 256 * 1024;

const entriesMaxMax = 10_000;

const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;

export class NodeKvStore implements KvStore {
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async open(directory: string, options: KvOpenOptions = {}): Promise<Kv> {
    const { createIfMissing = true } = options;
    // LevelDB would make the directory even when it then finds nothing in it.
    const isNew = !(await this.#exists(`${directory}/CURRENT`));
    if (isNew && !createIfMissing) {
      throw new CairnError('NOT_FOUND', `there is no key-value store in ${directory}; check the path`);
    }
    if (isNew) await this.#makeDirectoryDurably(directory);
    const settings = { ...encodings, ...levelOptions(options), createIfMissing };
    const database = new Level<Buffer, Buffer>(directory, settings) as Database;
    try {
      await database.open();
    } catch (error) {
      throw kvError(error, `cannot open the key-value store in ${directory}`);
    }
    try {
      // LevelDB renames CURRENT and starts a new log without syncing their names. In each open, since an earlier one
      // may have been killed before it came to this.
      await this.#disk.syncDirectory(directory);
    } catch (error) {
      await database.close();
      throw error;
    }
    return new NodeKv(database);
  }

  /**
   * A batch that is synced in a directory that a crash takes away would be none. Each level is durable before the next
   * is made, so that of an attempt that was killed only the deepest level may still be missing its sync.
   */
  async #makeDirectoryDurably(directory: string): Promise<void> {
    const existing = await this.#deepestExisting(directory);
    await this.#syncParent(existing, true);
    const missing: string[] = [];
    for (let path = directory; path !== existing && path !== dirname(path); path = dirname(path)) missing.push(path);
    for (const path of missing.reverse()) {
      await this.#disk.makeDirectory(path);
      await this.#syncParent(path, false);
    }
  }

  /** `mayBeForeign`: the directory may be somebody else's, in a place that we may not even open. */
  async #syncParent(path: string, mayBeForeign: boolean): Promise<void> {
    try {
      await this.#disk.syncDirectory(dirname(path));
    } catch (error) {
      if (!mayBeForeign || !isCairnError(error, 'PERMISSION_DENIED')) throw error;
    }
  }

  async #deepestExisting(directory: string): Promise<string> {
    let path = directory;
    while (path !== dirname(path) && !(await this.#exists(path))) path = dirname(path);
    return path;
  }

  async #exists(path: string): Promise<boolean> {
    try {
      await this.#disk.stat(path);
      return true;
    } catch (error) {
      if (isCairnError(error, 'NOT_FOUND')) return false;
      throw error;
    }
  }
}

class NodeKv implements Kv {
  readonly #database: Database;
  readonly #reader: Reader;
  /** The batch that the disk refused. LevelDB would go on behind a torn record, which a restart then cuts off. */
  #broken: CairnError | undefined;
  // The database was opened with these encodings: named again, they would be looked up for each operation.
  readonly #batches = new KvBatches((sealed, sync) => this.#write(() => this.#database.batch(sealed, { sync })));
  readonly #builderHost: BuilderHost;
  #closing: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#reader = new Reader(database, undefined);
    this.#builderHost = {
      location: database.location,
      scratch: new SealScratch(),
      // `_write` is part of what `abstract-level` asks of its implementations, and so not of its declarations.
      pool: new BatchPool(() => database.batch() as unknown as ChainedBatch),
      checkOpen: () => this.#checkOpen(),
      writeAlone: (write) => this.#batches.addAlone(() => this.#write(write)),
    };
  }

  get(key: KvKey): Promise<Uint8Array | undefined> {
    return this.#reader.get(key);
  }

  getSync(key: KvKey): Uint8Array | undefined {
    this.#checkOpen();
    return this.#reader.getSync(key);
  }

  getMany(keys: readonly KvKey[]): Promise<(Uint8Array | undefined)[]> {
    return this.#reader.getMany(keys);
  }

  iterate(options: KvIterateOptions): KvIterator {
    return this.#reader.iterate(options);
  }

  async batch(operations: readonly KvOperation[], options: KvBatchOptions): Promise<void> {
    this.#checkOpen();
    await this.#batches.add(operations.map(sealOperation), options.sync);
  }

  newBatch(): KvBatchBuilder {
    this.#checkOpen();
    return new NodeKvBatchBuilder(this.#builderHost);
  }

  snapshot(): KvSnapshot {
    return new NodeKvSnapshot(this.#database);
  }

  approximateBytes(range: { readonly gte: KvKey; readonly lt: KvKey }): Promise<number> {
    return guarded(this.#database, () => this.#database.approximateSize(toKeyBytes(range.gte), toKeyBytes(range.lt)));
  }

  compact(range: { readonly gte: KvKey; readonly lt: KvKey }): Promise<void> {
    return guarded(this.#database, () => this.#database.compactRange(toKeyBytes(range.gte), toKeyBytes(range.lt)));
  }

  close(): Promise<void> {
    this.#closing ??= this.#batches.idle().then(() => guarded(this.#database, () => this.#database.close()));
    return this.#closing;
  }

  async #write(write: () => Promise<void>): Promise<void> {
    if (this.#broken !== undefined) throw this.#distrusted(this.#broken);
    try {
      await write();
    } catch (error) {
      this.#broken = kvError(error, `cannot write to the key-value store in ${this.#database.location}`, 'maybe');
      throw this.#broken;
    }
  }

  #checkOpen(): void {
    if (this.#closing === undefined) return;
    throw new CairnError('CLOSED', `the key-value store in ${this.#database.location} was closed`);
  }

  #distrusted(cause: CairnError): CairnError {
    const where = this.#database.location;
    const message = `the key-value store in ${where} is not written any more: an earlier batch failed; reopen it`;
    return new CairnError('IO_ERROR', message, { cause });
  }
}

/** Reads of the present state, or of a snapshot's. */
class Reader {
  readonly #database: Database;
  readonly #options: { readonly snapshot?: LevelSnapshot };

  constructor(database: Database, snapshot: LevelSnapshot | undefined) {
    this.#database = database;
    this.#options = { ...encodings, ...(snapshot === undefined ? {} : { snapshot }) };
  }

  async get(key: KvKey): Promise<Uint8Array | undefined> {
    const keyBytes = toKeyBytes(key);
    try {
      const sealed = await this.#database.get(keyBytes, this.#options);
      return sealed === undefined ? undefined : openValue(key, sealed, keyBytes);
    } catch (error) {
      throw this.#readError(error, key);
    }
  }

  getSync(key: KvKey): Uint8Array | undefined {
    const keyBytes = toKeyBytes(key);
    try {
      const sealed = this.#database.getSync(keyBytes, this.#options);
      return sealed === undefined ? undefined : openValue(key, sealed, keyBytes);
    } catch (error) {
      throw this.#readError(error, key);
    }
  }

  async getMany(keys: readonly KvKey[]): Promise<(Uint8Array | undefined)[]> {
    const keyBytes = keys.map(toKeyBytes);
    const found = await guarded(this.#database, () => this.#database.getMany(keyBytes, this.#options));
    return keys.map((key, index) => {
      const sealed = found[index];
      return sealed === undefined ? undefined : openValue(key, sealed, keyBytes[index]);
    });
  }

  iterate(options: KvIterateOptions): NodeKvIterator {
    try {
      const iterator = openIterator(this.#database, { ...this.#options, ...limits(options) });
      return new NodeKvIterator(this.#database, iterator, options.onDamaged);
    } catch (error) {
      throw kvError(error, `cannot walk the key-value store in ${this.#database.location}`);
    }
  }

  #readError(error: unknown, key: KvKey): CairnError {
    return kvError(error, `cannot read from the key-value store in ${this.#database.location}`, 'no', key);
  }
}

class NodeKvSnapshot implements KvSnapshot {
  readonly #database: Database;
  readonly #snapshot: LevelSnapshot;
  readonly #reader: Reader;
  /** `level` lets a snapshot wait for its iterators, for ever if one was forgotten: they are closed with it. */
  readonly #iterators = new Set<NodeKvIterator>();
  #closing: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
    try {
      this.#snapshot = database.snapshot();
    } catch (error) {
      throw kvError(error, `cannot take a snapshot of the key-value store in ${database.location}`);
    }
    this.#reader = new Reader(database, this.#snapshot);
  }

  get(key: KvKey): Promise<Uint8Array | undefined> {
    return this.#reader.get(key);
  }

  getMany(keys: readonly KvKey[]): Promise<(Uint8Array | undefined)[]> {
    return this.#reader.getMany(keys);
  }

  iterate(options: KvIterateOptions): KvIterator {
    // `level` would notice only at the first `next`.
    if (this.#closing !== undefined) throw new CairnError('CLOSED', 'this snapshot of the key-value store was closed');
    const iterator = this.#reader.iterate(options);
    this.#iterators.add(iterator);
    iterator.whenClosed(() => this.#iterators.delete(iterator));
    return iterator;
  }

  close(): Promise<void> {
    this.#closing ??= guarded(this.#database, async () => {
      await Promise.all(Array.from(this.#iterators, (iterator) => iterator.close()));
      await this.#snapshot.close();
    });
    return this.#closing;
  }
}

class NodeKvIterator implements KvIterator {
  readonly #database: Database;
  readonly #iterator: LevelIterator;
  readonly #onDamaged: KvIterateOptions['onDamaged'];
  #busy = false;
  #closing: Promise<void> | undefined;
  #onClosed: (() => void) | undefined;

  constructor(database: Database, iterator: LevelIterator, onDamaged: KvIterateOptions['onDamaged']) {
    this.#database = database;
    this.#iterator = iterator;
    this.#onDamaged = onDamaged;
  }

  async next(entriesMax: number): Promise<readonly KvEntry[]> {
    invariant(Number.isInteger(entriesMax), 'a number of entries is an integer', { entriesMax });
    invariant(entriesMax >= 1 && entriesMax <= entriesMaxMax, 'a page has 1 to 10,000 entries', { entriesMax });
    this.#checkIdle();
    this.#busy = true;
    try {
      for (;;) {
        const sealed = await guarded(this.#database, () => this.#iterator.nextv(entriesMax));
        const entries = openEntries(sealed, this.#onDamaged);
        // A page of nothing but damage is not the end.
        if (entries.length > 0 || sealed.length === 0) return entries;
      }
    } finally {
      this.#busy = false;
    }
  }

  seek(key: KvKey): void {
    this.#checkIdle();
    try {
      this.#iterator.seek(toKeyBytes(key));
    } catch (error) {
      throw kvError(error, `cannot walk the key-value store in ${this.#database.location}`);
    }
  }

  close(): Promise<void> {
    this.#closing ??= guarded(this.#database, () => this.#iterator.close()).finally(() => this.#onClosed?.());
    return this.#closing;
  }

  whenClosed(callback: () => void): void {
    this.#onClosed = callback;
  }

  #checkIdle(): void {
    if (this.#closing !== undefined || this.#database.status !== 'open') {
      throw new CairnError('CLOSED', 'this walk over the key-value store was closed');
    }
    invariant(!this.#busy, 'an iterator has one call at a time');
  }
}

function openIterator(database: Database, options: object) {
  return database.iterator({ ...encodings, highWaterMarkBytes: pageBytes, ...options });
}

function openEntries(page: readonly [Buffer, Buffer][], onDamaged: KvIterateOptions['onDamaged']): readonly KvEntry[] {
  if (onDamaged === undefined) return page.map(openEntry);
  const entries: KvEntry[] = [];
  for (const entry of page) {
    try {
      entries.push(openEntry(entry));
    } catch (error) {
      if (!isCairnError(error, 'CORRUPT')) throw error;
      onDamaged(latin1Text(entry[0]), error);
    }
  }
  return entries;
}

function openEntry([keyBytes, sealed]: [Buffer, Buffer]): KvEntry {
  const key = latin1Text(keyBytes);
  return { key, value: openValue(key, sealed, keyBytes) };
}

function sealOperation(operation: KvOperation): SealedOperation {
  if (operation.key === '') throw new CairnError('INVALID_ARGUMENT', 'a key has at least one byte');
  const key = toKeyBytes(operation.key);
  if (operation.type === 'delete') return { type: 'del', key };
  return { type: 'put', key, value: viewBuffer(sealValue(operation.key, operation.value, key)) };
}

/**
 * One bound on each side, since `level` would let `lte` win over `lt` and takes an empty bound for none. The tighter one
 * is kept; no key is before or at the empty one, so that makes the walk empty, and as a lower bound it means nothing.
 */
function limits(options: KvIterateOptions): object {
  const { gte, gt, lte, lt, reverse = false } = options;
  const lowerOpen = gt !== undefined && (gte === undefined || gt >= gte);
  const upperOpen = lt !== undefined && (lte === undefined || lt <= lte);
  const lower = lowerOpen ? gt : gte;
  const upper = upperOpen ? lt : lte;
  if (upper === '') return { limit: 0 };
  return {
    reverse,
    ...(lower === undefined || lower === '' ? {} : { [lowerOpen ? 'gt' : 'gte']: toKeyBytes(lower) }),
    ...(upper === undefined ? {} : { [upperOpen ? 'lt' : 'lte']: toKeyBytes(upper) }),
  };
}

function levelOptions(options: KvOpenOptions): object {
  const { writeBufferBytes, cacheBytes, fileBytesMax } = options;
  return {
    ...(writeBufferBytes === undefined ? {} : { writeBufferSize: writeBufferBytes }),
    ...(cacheBytes === undefined ? {} : { cacheSize: cacheBytes }),
    ...(fileBytesMax === undefined ? {} : { maxFileSize: fileBytesMax }),
  };
}

async function guarded<T>(database: Database, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (isCairnError(error)) throw error;
    throw kvError(error, `the key-value store in ${database.location} failed`);
  }
}
