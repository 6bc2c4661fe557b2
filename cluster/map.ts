/** The cluster map: one immutable value per epoch (DESIGN.md section 4). */
import type { WallMs } from '../base/instants.js';
import type { CrushMap } from '../crush/types.js';
import type { Epoch, OsdId, PoolId, StoreNumber } from './ids.js';
import type { NodeAddress, OsdInfo } from './osd.js';
import type { PgRecords } from './pg-records.js';
import type { Pool } from './pool.js';
import type { Upmaps } from './upmap.js';

export interface MonitorInfo {
  /** `a`: the daemon is `mon.a`. */
  readonly name: string;
  /** Its id in Raft: a new one after its disk was lost. */
  readonly member: number;
  readonly address: NodeAddress;
  readonly role: 'voter' | 'learner';
}

/** Who may connect, and what for; keys are the monitors' and never travel with the map. */
export interface Entity {
  /** `client.admin`, `osd.3`, `mon.a`, `gateway.1`. */
  readonly name: string;
  /** By service, as in Ceph: `mon` -> `allow r`, `osd` -> `allow rw pool=data`, or `profile osd` (caps.ts). */
  readonly caps: ReadonlyMap<string, string>;
}

/** Each stops something that the cluster does by itself, or all client I/O (`pause`). */
export const clusterFlags = [
  'noup',
  'nodown',
  'noin',
  'noout',
  'nobackfill',
  'norebalance',
  'norecover',
  'noscrub',
  'nodeep-scrub',
  'pause',
] as const;
export type ClusterFlag = (typeof clusterFlags)[number];

export interface ClusterMap {
  readonly epoch: Epoch;
  /** 32 hex digits, drawn once. */
  readonly fsid: string;
  readonly createdAt: WallMs;
  /** The leader's wall time when this epoch was made: never before that of the epoch before. */
  readonly changedAt: WallMs;
  /** Bits of formats in use: who lacks one may not take part (rolling upgrades, DESIGN.md section 10). */
  readonly requiredFeatures: number;
  /** By name. */
  readonly monitors: ReadonlyMap<string, MonitorInfo>;
  readonly osds: ReadonlyMap<OsdId, OsdInfo>;
  readonly crush: CrushMap;
  readonly pools: ReadonlyMap<PoolId, Pool>;
  /** Of every PG of every pool. */
  readonly records: PgRecords;
  readonly upmaps: Upmaps;
  readonly flags: ReadonlySet<ClusterFlag>;
  /** `section/option` -> text as given: `global/osd_heartbeat_grace`, `osd.3/…`. */
  readonly config: ReadonlyMap<string, string>;
  readonly entities: ReadonlyMap<string, Entity>;
  /** The highest ever given out, so that none is given twice. */
  readonly storeLast: number;
  readonly poolLast: number;
  readonly memberLast: number;
}

/** A store number that the map does not know any more can never be in sync again. */
export function isGone(
  map: Pick<ClusterMap, 'osds'>,
  member: { readonly osd: OsdId; readonly store: StoreNumber },
): boolean {
  const osd = map.osds.get(member.osd);
  return osd === undefined || osd.uuid === undefined || osd.store !== member.store;
}
