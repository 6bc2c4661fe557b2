/** The records of all PGs, as typed arrays: an immutable value that shares what did not change with its successors. */
import type { PgId, PoolId } from './ids.js';
import type { PgRecord } from './pg-record.js';

export interface PgRecords {
  /** Of all pools. */
  readonly count: number;
  /** `undefined` for a PG that does not exist. */
  get(pg: PgId): PgRecord | undefined;
  /** A new value; this one stays as it is. `records[i]` is that of `pgs[i]`, ascending. */
  with(pool: PoolId, pgs: Uint32Array, records: readonly PgRecord[]): PgRecords;
  /** All PGs of a new pool, with term 0. */
  withPool(pool: PoolId, pgNum: number): PgRecords;
  withoutPool(pool: PoolId): PgRecords;
}
