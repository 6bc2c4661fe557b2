/**
 * What can change from one epoch to the next. A command is evaluated once, by the leader, into changes; everyone else
 * applies these, so that versions of the program may differ in how they decide but not in what follows.
 */
import type { WallMs } from '../base/instants.js';
import type { CrushMap } from '../crush/types.js';
import type { Epoch, OsdId, PgId, PoolId } from './ids.js';
import type { ClusterFlag, Entity, MonitorInfo } from './map.js';
import type { OsdInfo } from './osd.js';
import type { PgRecord } from './pg-record.js';
import type { Pool } from './pool.js';
import type { UpmapItem } from './upmap.js';

export type MapChange =
  | { readonly kind: 'monitor'; readonly monitor: MonitorInfo }
  | { readonly kind: 'monitor-removed'; readonly name: string }
  /** New, or replaced as a whole. */
  | { readonly kind: 'osd'; readonly osd: OsdInfo }
  | { readonly kind: 'osd-removed'; readonly id: OsdId }
  | { readonly kind: 'crush'; readonly crush: CrushMap }
  /**
   * A new pool, or one that keeps its PGs and may get more: records stay; new ones have term 0 until `records` sets them,
   * which it does in the same epoch for PGs that were split (`pg/split.ts`).
   */
  | { readonly kind: 'pool'; readonly pool: Pool }
  /** With its records and upmaps. */
  | { readonly kind: 'pool-removed'; readonly id: PoolId }
  /** Records of one pool: `records[i]` is that of PG `pgs[i]`, ascending. */
  | {
      readonly kind: 'records';
      readonly pool: PoolId;
      readonly pgs: Uint32Array;
      readonly records: readonly PgRecord[];
    }
  /** No items: the exception is over. */
  | { readonly kind: 'upmap'; readonly pg: PgId; readonly items: readonly UpmapItem[] }
  | { readonly kind: 'flag'; readonly flag: ClusterFlag; readonly isSet: boolean }
  | { readonly kind: 'config'; readonly key: string; readonly value: string | undefined }
  | { readonly kind: 'entity'; readonly entity: Entity }
  | { readonly kind: 'entity-removed'; readonly name: string }
  | { readonly kind: 'required-features'; readonly features: number }
  /** Uses up numbers without a visible change: ids that were promised to somebody. */
  | { readonly kind: 'numbers'; readonly storeLast: number; readonly poolLast: number; readonly memberLast: number };

/** `epoch - 1` becomes `epoch` by the changes in order, all or none. */
export interface Incremental {
  readonly epoch: Epoch;
  readonly fsid: string;
  readonly changedAt: WallMs;
  readonly changes: readonly MapChange[];
}
