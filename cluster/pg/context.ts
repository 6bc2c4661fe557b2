/** What a change of a PG's record is judged by, besides the record itself. */
import { hasFeatures } from '../features.js';
import { type ClusterMap, isGone } from '../map.js';
import type { OsdId, PgId, PoolId } from '../ids.js';
import type { OsdInfo } from '../osd.js';
import type { Member } from '../pg-record.js';
import type { Pool } from '../pool.js';

export interface PgContext {
  /** For messages. */
  readonly id: PgId;
  readonly pool: Pick<Pool, 'minSize' | 'mode'>;
  /** Its store number is the OSD's present one no more: it can never be in sync again. */
  isGone(member: Member): boolean;
  /** Its OSD runs, with just that store. Never true for a gone member. */
  isUp(member: Member): boolean;
}

/** The context of every PG of `pool` in `map`; `id` is set per PG. */
export function pgContext(map: Pick<ClusterMap, 'osds'>, pool: Pool, pg: number): PgContext {
  return {
    id: { pool: pool.id, pg },
    pool,
    isGone: (member) => isGone(map, member),
    isUp: (member) => !isGone(map, member) && map.osds.get(member.osd)?.isUp === true,
  };
}

/** As what `osd` would be a member now; `undefined` when no store was ever registered for it, or its store was lost. */
export function memberOf(osd: OsdInfo | undefined): Member | undefined {
  return osd?.uuid === undefined ? undefined : { osd: osd.id, store: osd.store };
}

/** Whether new PGs of a pool may be put on `osd`: it is up, has a store, and knows the formats that the pool needs. */
export function isUsable(osd: OsdInfo | undefined, pool: Pick<Pool, 'requiredFeatures'>): osd is OsdInfo {
  return osd?.uuid !== undefined && osd.isUp && hasFeatures(osd.features, pool.requiredFeatures);
}

/** A reader of the OSDs that PGs of a pool stand on, by id. */
export type UpOf = (pool: PoolId, pg: number) => readonly OsdId[];
