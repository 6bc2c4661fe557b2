import type { OsdId, PoolId } from './ids.js';

/** In what CRUSH chose for a PG, `to` takes the place of `from` (Ceph's `pg_upmap_items`). */
export interface UpmapItem {
  readonly from: OsdId;
  readonly to: OsdId;
}

/** By pool, by PG: exceptions are few. */
export type Upmaps = ReadonlyMap<PoolId, ReadonlyMap<number, readonly UpmapItem[]>>;
