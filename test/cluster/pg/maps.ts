/** Small cluster maps for tests of plans: OSDs on hosts of one root, pools, records. */
import { wallMs } from '../../../base/instants.js';
import { epoch, type OsdId, osdId, poolId, storeNumber } from '../../../cluster/ids.js';
import type { ClusterMap } from '../../../cluster/map.js';
import type { OsdInfo } from '../../../cluster/osd.js';
import { emptyPgRecords } from '../../../cluster/packed-pg-records.js';
import type { Pool } from '../../../cluster/pool.js';
import { buildRacks, hostType, leafRule } from '../../crush/build-map.js';

export function osdInfo(id: number, changes: Partial<OsdInfo> = {}): OsdInfo {
  return {
    id: osdId(id),
    uuid: (0x1000 + id).toString(16).padStart(32, '0'),
    store: storeNumber(100 + id),
    boot: 1,
    publicAddress: { host: '10.0.0.1', port: 6800 + (id % 1_000) },
    clusterAddress: { host: '10.1.0.1', port: 6800 + (id % 1_000) },
    isUp: true,
    isIn: true,
    isAutoOut: false,
    reweight: 0x10000,
    capacityBytes: 2 ** 40,
    upFrom: epoch(1),
    downAt: epoch(0),
    downSince: wallMs(0),
    hostname: `host${id >> 1}`,
    version: '0.1.0',
    features: 0,
    ...changes,
  };
}

export function poolInfo(id: number, pgNum: number, changes: Partial<Pool> = {}): Pool {
  return {
    id: poolId(id),
    name: `pool${id}`,
    kind: 'replicated',
    size: 3,
    minSize: 2,
    pgNum,
    rule: 0,
    mode: { kind: 'sync' },
    checksumBlockBytes: 4_096,
    requiredFeatures: 0,
    quotaBytes: 0,
    quotaObjects: 0,
    application: '',
    flags: [],
    createdAt: epoch(1),
    ...changes,
  };
}

export interface MapShape {
  readonly osdCount: number;
  readonly osdsPerHost?: number;
  readonly pools: readonly Pool[];
}

/** All OSDs up and in, all records of term 0; rule 0 spreads over hosts, in racks of four hosts. */
export function buildMap({ osdCount, osdsPerHost = 2, pools }: MapShape): ClusterMap {
  const hosts = Array.from({ length: Math.ceil(osdCount / osdsPerHost) }, (_, host) =>
    new Array<number>(Math.min(osdsPerHost, osdCount - host * osdsPerHost)).fill(1),
  );
  const racks = Array.from({ length: Math.ceil(hosts.length / 4) }, (_, rack) => hosts.slice(rack * 4, rack * 4 + 4));
  let records = emptyPgRecords;
  for (const pool of pools) records = records.withPool(pool.id, pool.pgNum);
  return {
    epoch: epoch(5),
    fsid: 'f'.repeat(32),
    createdAt: wallMs(1_000),
    changedAt: wallMs(5_000),
    requiredFeatures: 0,
    monitors: new Map(),
    osds: new Map(Array.from({ length: osdCount }, (_, id) => [osdId(id), osdInfo(id)] as const)),
    crush: buildRacks(racks, [leafRule('chooseleaf-firstn', hostType)]).map,
    pools: new Map(pools.map((pool) => [pool.id, pool])),
    records,
    upmaps: new Map(),
    flags: new Set(),
    config: new Map(),
    entities: new Map(),
    storeLast: 100 + osdCount,
    poolLast: Math.max(0, ...pools.map(({ id }) => id)),
    memberLast: 3,
  };
}

/** The same map with some OSDs changed. */
export function withOsds(map: ClusterMap, ids: readonly number[], changes: Partial<OsdInfo>): ClusterMap {
  const osds = new Map<OsdId, OsdInfo>(map.osds);
  for (const id of ids) osds.set(osdId(id), { ...(osds.get(osdId(id)) ?? osdInfo(id)), ...changes });
  return { ...map, osds };
}
