/**
 * An ordered map on disk: LevelDB in production. Keys are latin1 strings, one character a byte, in byte order.
 *
 * Each value is stored with the xxh64 of key and value, verified on each read, because `level` verifies no block it
 * reads; a mismatch is `CORRUPT` and names the key. Crash of the machine: a batch with `sync` is durable and whole; of
 * the other batches **any subset** survives, not a prefix, each whole or absent. A later `sync` does not make them
 * durable for certain: LevelDB may have begun a new log in between, and it leaves the old one unsynced.
 */
import type { CairnError } from '../base/errors.js';

export type KvKey = string;

export type KvOperation =
  | { readonly type: 'put'; readonly key: KvKey; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: KvKey };

/** Keys from `gte` or after `gt`, up to `lte` or before `lt`. */
export interface KvRange {
  readonly gte?: KvKey | undefined;
  readonly gt?: KvKey | undefined;
  readonly lte?: KvKey | undefined;
  readonly lt?: KvKey | undefined;
}

export interface KvIterateOptions extends KvRange {
  /** From the last key to the first. Default false. */
  readonly reverse?: boolean;
  /**
   * Called for each value whose checksum fails, with the key that stands there (perhaps that is what rotted, and it lies
   * outside of the range); the walk goes on without it. Default: `next` throws `CORRUPT`, and what else it read is lost.
   */
  readonly onDamaged?: ((key: KvKey, error: CairnError) => void) | undefined;
}

export interface KvEntry {
  readonly key: KvKey;
  readonly value: Uint8Array;
}

/** A walk over the state at the moment it was made, whatever is written meanwhile. One call at a time. */
export interface KvIterator {
  /** The next entries, at most `entriesMax` (1 to 10,000); fewer may come; none only at the end. */
  next(entriesMax: number): Promise<readonly KvEntry[]>;
  /** Moves to the first key at or after `key` (at or before it when reversed); outside of the range, to the end. */
  seek(key: KvKey): void;
  close(): Promise<void>;
}

export interface KvReader {
  /** `undefined` when absent. The value is the caller's to keep. */
  get(key: KvKey): Promise<Uint8Array | undefined>;
  /** In the order of `keys`. */
  getMany(keys: readonly KvKey[]): Promise<(Uint8Array | undefined)[]>;
  iterate(options: KvIterateOptions): KvIterator;
}

/** Reads one unchanging state. Close it: it keeps LevelDB from dropping what was overwritten. Its walks end with it. */
export interface KvSnapshot extends KvReader {
  close(): Promise<void>;
}

/** Callers await their batches; one that does not is stopped before it fills the memory. */
export const batchesWaitingMax = 10_000;
/** Of keys and values; a larger batch passes when no other waits. */
export const batchesWaitingBytesMax = 64 * 1024 * 1024;

export interface KvBatchOptions {
  readonly sync: boolean;
}

/**
 * A batch that is filled bit by bit; nothing of it is visible, or stored, before `write`. It is for batches whose
 * preparation would take a turn of the event loop too long: fill it in slices. Written or closed, everything of it but
 * `close` and the counts is `CLOSED`; so it is when its store was closed. Write it or close it: it holds its memory.
 */
export interface KvBatchBuilder {
  /** So far. */
  readonly operations: number;
  /** Of keys and values so far. */
  readonly bytes: number;
  /** Copies: `value` may be reused at once. A key refused with `INVALID_ARGUMENT` leaves the batch as it was. */
  put(key: KvKey, value: Uint8Array): void;
  delete(key: KvKey): void;
  /**
   * As `Kv.batch`, in the same order with those, but sharing a write or a sync with none. Once. At most one of a store
   * waits or is being written: another is `OVERLOADED`, stays as it was, and may be written later.
   */
  write(options: KvBatchOptions): Promise<void>;
  /** Drops it unwritten; after `write` it does nothing. Idempotent. */
  close(): Promise<void>;
}

export interface Kv extends KvReader {
  /**
   * As `get`, on the caller's thread. It blocks the event loop for as long as the disk takes: only for keys known to be
   * in memory (written lately, or read lately and cached), or absent ones, which the tables' Bloom filters mostly spare
   * a read. Batches that have not settled need not show.
   */
  getSync(key: KvKey): Uint8Array | undefined;
  /**
   * All operations or none; later ones in the list win. Batches apply in the order given, and those that wait together
   * share one sync. Values are lent. Refuses with `INVALID_ARGUMENT` an empty key, and (as every method does) one with
   * characters above \xff; with `OVERLOADED` more than `batchesWaitingMax` batches, or `batchesWaitingBytesMax` bytes, that wait at once. After a batch that
   * failed in the disk (`NO_SPACE`, `IO_ERROR`) every later one is an `IO_ERROR`: reopen the store.
   */
  batch(operations: readonly KvOperation[], options: KvBatchOptions): Promise<void>;
  /** Its bytes are its own: they do not count against `batchesWaitingBytesMax`. */
  newBatch(): KvBatchBuilder;
  snapshot(): KvSnapshot;
  /** Roughly the bytes on disk that a range takes; what was written recently may count nothing. */
  approximateBytes(range: { readonly gte: KvKey; readonly lt: KvKey }): Promise<number>;
  /** Rewrites a range without what was deleted or overwritten. Long: it runs beside other calls. */
  compact(range: { readonly gte: KvKey; readonly lt: KvKey }): Promise<void>;
  /** Waits for calls in progress. Iterators and snapshots of it end with `CLOSED`. Idempotent. */
  close(): Promise<void>;
}

export interface KvOpenOptions {
  /** Default true. Else `NOT_FOUND` when there is none. */
  readonly createIfMissing?: boolean;
  /** Memory table, and so the log file's size. Default 4 MiB; larger rewrites less (docs/NODE-LIMITS.md 5). */
  readonly writeBufferBytes?: number;
  /** Cache of uncompressed blocks. Default 8 MiB. */
  readonly cacheBytes?: number;
  /** Table files. Default 2 MiB. */
  readonly fileBytesMax?: number;
}

export interface KvStore {
  /**
   * A new store's directory is durable when this resolves, with the parents that it had to make: else a synced batch
   * could vanish with its directory. Errors: `LOCKED` (another process, or this one, has it open), `CORRUPT`,
   * `NOT_FOUND`, `IO_ERROR`.
   */
  open(directory: string, options?: KvOpenOptions): Promise<Kv>;
}
