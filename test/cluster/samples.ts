/** Small maps and their parts, for tests that change one thing at a time. */
import { wallMs } from '../../base/instants.js';
import { applyIncremental } from '../../cluster/apply-incremental.js';
import type { MapChange } from '../../cluster/change.js';
import { createMap } from '../../cluster/create-map.js';
import { epoch, osdId, pgTerm, poolId, storeNumber } from '../../cluster/ids.js';
import type { ClusterMap, Entity, MonitorInfo } from '../../cluster/map.js';
import type { OsdInfo } from '../../cluster/osd.js';
import type { Member, PgRecord } from '../../cluster/pg-record.js';
import type { Pool } from '../../cluster/pool.js';

export const fsid = '0123456789abcdef0123456789abcdef';

export function monitor(name: string, member: number, over: Partial<MonitorInfo> = {}): MonitorInfo {
  return { name, member, address: { host: '10.0.0.1', port: 7000 + member }, role: 'voter', ...over };
}

export function entity(name: string, caps: Readonly<Record<string, string>> = { mon: 'allow r' }): Entity {
  return { name, caps: new Map(Object.entries(caps)) };
}

/** Up and in, its store numbered one above its id. */
export function osd(id: number, over: Partial<OsdInfo> = {}): OsdInfo {
  return {
    id: osdId(id),
    uuid: id.toString(16).padStart(32, 'a'),
    store: storeNumber(id + 1),
    boot: 1,
    publicAddress: { host: `10.0.1.${id}`, port: 6800 },
    clusterAddress: { host: `fd00::${id}`, port: 6801 },
    isUp: true,
    isIn: true,
    isAutoOut: false,
    reweight: 0x10000,
    capacityBytes: 4_000_787_030_016,
    upFrom: epoch(2),
    downAt: epoch(0),
    downSince: wallMs(0),
    hostname: `host${id}`,
    version: '1.0.0',
    features: 0,
    ...over,
  };
}

export function pool(id: number, over: Partial<Pool> = {}): Pool {
  return {
    id: poolId(id),
    name: `pool${id}`,
    kind: 'replicated',
    size: 3,
    minSize: 2,
    pgNum: 8,
    rule: 0,
    mode: { kind: 'sync' },
    checksumBlockBytes: 65_536,
    requiredFeatures: 0,
    quotaBytes: 0,
    quotaObjects: 0,
    application: 's3',
    flags: [],
    createdAt: epoch(2),
    ...over,
  };
}

/** OSD ids; each with the store that `osd` gives it. */
export function members(...ids: readonly number[]): Member[] {
  return ids.map((id) => ({ osd: osdId(id), store: storeNumber(id + 1) }));
}

export function record(term: number, acting: readonly Member[], over: Partial<PgRecord> = {}): PgRecord {
  return { term: pgTerm(term), acting, eligible: [], mode: { kind: 'sync' }, ...over };
}

export function recordsChange(id: number, records: readonly (readonly [number, PgRecord])[]): MapChange {
  return {
    kind: 'records',
    pool: poolId(id),
    pgs: Uint32Array.from(records, ([pg]) => pg),
    records: records.map(([, value]) => value),
  };
}

export function newMap(): ClusterMap {
  return createMap({
    fsid,
    createdAt: wallMs(1_700_000_000_000),
    monitors: [monitor('a', 1), monitor('b', 2), monitor('c', 3)],
    entities: [entity('client.admin', { mon: 'allow *', osd: 'allow *' }), entity('mon.a', { mon: 'profile monitor' })],
  });
}

/** The next epoch, a second later. */
export function next(map: ClusterMap, ...changes: readonly MapChange[]): ClusterMap {
  const changedAt = wallMs(map.changedAt + 1000);
  return applyIncremental(map, { epoch: epoch(map.epoch + 1), fsid: map.fsid, changedAt, changes });
}

/** Epoch 2: four OSDs, pool 1 of eight PGs, all records set but the last. */
export function smallMap(): ClusterMap {
  const records = [0, 1, 2, 3, 4, 5, 6].map((pg) => [pg, record(1 + pg, members(pg % 4, (pg + 1) % 4))] as const);
  return next(
    newMap(),
    ...[0, 1, 2, 3].map((id): MapChange => ({ kind: 'osd', osd: osd(id) })),
    { kind: 'pool', pool: pool(1) },
    recordsChange(1, records),
    { kind: 'upmap', pg: { pool: poolId(1), pg: 5 }, items: [{ from: osdId(1), to: osdId(3) }] },
    { kind: 'flag', flag: 'noout', isSet: true },
    { kind: 'config', key: 'global/osd_heartbeat_grace', value: '5s' },
  );
}
