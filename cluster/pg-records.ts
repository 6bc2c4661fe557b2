/** The records of all PGs, as typed arrays: an immutable value that shares what did not change with its successors. */
import type { PgId, PoolId } from './ids.js';
import type { PgRecord } from './pg-record.js';

export interface PgRecords {
  /** Of all pools. */
  readonly count: number;
  /** Ascending. */
  readonly poolIds: readonly PoolId[];
  /** `undefined` for a pool without records. */
  pgNumOf(pool: PoolId): number | undefined;
  /** `undefined` for a PG that does not exist. */
  get(pg: PgId): PgRecord | undefined;
  /** Reads records in place, for scans of all PGs: it starts before the first. */
  cursor(): PgCursor;
  /** A new value; this one stays as it is. `records[i]` is that of `pgs[i]`, ascending. */
  with(pool: PoolId, pgs: Uint32Array, records: readonly PgRecord[]): PgRecords;
  /** All PGs of a new pool, with term 0. */
  withPool(pool: PoolId, pgNum: number): PgRecords;
  /** More PGs of a pool: those that are new have term 0. */
  withPgNum(pool: PoolId, pgNum: number): PgRecords;
  withoutPool(pool: PoolId): PgRecords;
}

/**
 * A place among the records of one value, in order of pool and PG. Its members are numbered from 0: acting first, the
 * primary at 0, then eligible. Properties are those of the PG it stands on, once a move has said that there is one.
 */
export interface PgCursor {
  readonly pool: PoolId;
  readonly pg: number;
  readonly term: number;
  readonly actingCount: number;
  /** Acting and eligible together. */
  readonly memberCount: number;
  /** Acknowledged copies of an async record; 0 for sync. */
  readonly ackCopies: number;
  /** Below `memberCount`. */
  osdAt(member: number): number;
  storeAt(member: number): number;
  /** A value of its own. */
  record(): PgRecord;
  /** False when that PG does not exist; the cursor then stays where it is. */
  moveTo(pool: PoolId, pg: number): boolean;
  /** False after the last. */
  next(): boolean;
  /**
   * Moves to the next PG with a member of an OSD for which `marks[osd]` is not 0 (ids beyond its end are not marked).
   * `paused` when `scanMax` PGs were looked at without a find: call again to go on.
   */
  nextMarked(marks: Uint8Array, scanMax: number): 'found' | 'paused' | 'end';
  /** The same for PGs of term 0. */
  nextUnborn(scanMax: number): 'found' | 'paused' | 'end';
}
