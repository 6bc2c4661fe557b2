/** How a store is opened. Every value has a default that suits one OSD with 4 GiB of memory. */
import type { CairnError } from '../../base/errors.js';
import { bulkBytesMin, chunkExtentsMax } from './limits.js';

export interface StoreOptions {
  /** LevelDB's cache of blocks. Larger: fewer reads of the index from the disk. Default 64 MiB. */
  readonly kvCacheBytes?: number;
  /** LevelDB's memory table and files. Larger: less rewriting, more memory. Default 32 MiB. */
  readonly kvWriteBufferBytes?: number;
  /** Values of the index that were read lately. Default 32 MiB. */
  readonly readCacheBytes?: number;
  /** Payloads of up to 32 KiB that clients read lately. Larger: fewer reads of the disk. Default 64 MiB. */
  readonly payloadCacheBytes?: number;
  /** The active layer of the index is frozen at this size. Larger: fewer checkpoints, a longer replay. Default 32 MiB. */
  readonly layerBytesMax?: number;
  /** Or at this age. Default 5,000. */
  readonly layerMsMax?: number;
  /** Transactions that are not durable yet: beyond, further ones wait. Default 64 MiB. */
  readonly pendingBytesMax?: number;
  /** Transactions that wait to be applied: beyond, further ones are refused (`OVERLOADED`). Default 256 MiB and 65,536. */
  readonly waitingBytesMax?: number;
  readonly waitingCountMax?: number;
  /** How long a transaction waits for the cleaner to make room before it is refused (`NO_SPACE`). Default 30,000. */
  readonly spaceWaitMs?: number;
  /** Reads of segments under way at a time: the threads of the pool less 4. Default 4. */
  readonly readsMax?: number;
  /** Shares of the usable bytes. Defaults 0.85, 0.90, 0.95, as Ceph's. */
  readonly nearfullRatio?: number;
  readonly backfillfullRatio?: number;
  readonly fullRatio?: number;
  /** New segment files are written with zeros before use. Default true. */
  readonly prewrite?: boolean;
  /** The share of a busy disk that cleaning may take while there is room, in bytes per second. Default 64 MiB. */
  readonly cleanerBytesPerSecond?: number;
  /** Extents of a chunk beyond which small ones are merged. Larger: fewer rewrites, larger values. Default 128. */
  readonly chunkExtentsMax?: number;
  /**
   * Index values of chunks, in bytes, that one transaction rewrites extent by extent. What lets go of more, or clones more, is done in
   * slices. Larger: longer turns, fewer records. Default 64 KiB.
   */
  readonly bulkBytesMin?: number;
  /** Refuses a store with another uuid (`CONFLICT`): the wrong disk. */
  readonly expectedUuid?: string;
  /**
   * What to do about a log that lost batches in between: go on with what is left, under a new name in the cluster
   * (`log/past-rot.ts`), instead of refusing with `LOG_CORRUPT`. PGs that have one of these values are in the middle of
   * something that the log of the PG does not tell.
   */
  readonly pastRot?: { readonly unfinishedKeys: readonly string[] };
  /** A failed write: the store is done for. Default: `runtime.fatal`. */
  readonly onFailed?: (error: CairnError) => void;
  /** The level of fullness changed. */
  readonly onSpaceLevel?: (level: SpaceLevel) => void;
}

/** As in Ceph: a warning; no moves in; no writes of clients. */
export type SpaceLevel = 'ok' | 'nearfull' | 'backfillfull' | 'full';

export type ResolvedStoreOptions = Required<
  Omit<StoreOptions, 'expectedUuid' | 'pastRot' | 'onFailed' | 'onSpaceLevel'>
> &
  Pick<StoreOptions, 'expectedUuid' | 'pastRot' | 'onFailed' | 'onSpaceLevel'>;

const mebibyte = 1024 * 1024;

export function resolveStoreOptions(options: StoreOptions): ResolvedStoreOptions {
  return {
    kvCacheBytes: 64 * mebibyte,
    kvWriteBufferBytes: 32 * mebibyte,
    readCacheBytes: 32 * mebibyte,
    payloadCacheBytes: 64 * mebibyte,
    layerBytesMax: 32 * mebibyte,
    layerMsMax: 5_000,
    pendingBytesMax: 64 * mebibyte,
    waitingBytesMax: 256 * mebibyte,
    waitingCountMax: 65_536,
    spaceWaitMs: 30_000,
    readsMax: 4,
    nearfullRatio: 0.85,
    backfillfullRatio: 0.9,
    fullRatio: 0.95,
    prewrite: true,
    cleanerBytesPerSecond: 64 * mebibyte,
    chunkExtentsMax,
    bulkBytesMin,
    ...options,
  };
}
