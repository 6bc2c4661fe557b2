/** Maps with OSDs and pools, for tests of commands. */
import { wallMs } from '../../../base/instants.js';
import { type OsdId, type PoolId, epoch, osdId, pgTerm, poolId, storeNumber } from '../../../cluster/ids.js';
import type { ClusterMap } from '../../../cluster/map.js';
import type { OsdInfo } from '../../../cluster/osd.js';
import type { PgRecord } from '../../../cluster/pg-record.js';
import type { Pool } from '../../../cluster/pool.js';
import { addDevice } from '../../../crush/edit/devices.js';
import { weightOne } from '../../../crush/types.js';
import { applyLocally, emptyClusterMap } from './local-map.js';

export const GiB = 1024 ** 3;

export interface SampleOptions {
  /** Default 4. */
  readonly osds?: number;
  /** OSD n stands in host n % hosts. Default 4. */
  readonly hosts?: number;
  readonly pools?: readonly Partial<Pool>[];
}

/** Up and in, 100 GiB each, of class `hdd`; the store of `osd.n` has number n + 1. */
export function sampleMap({ osds = 4, hosts = 4, pools = [] }: SampleOptions = {}): ClusterMap {
  let map = emptyClusterMap();
  for (let id = 0; id < osds; id += 1) {
    const location = new Map([
      ['root', 'default'],
      ['host', `h${id % hosts}`],
    ]);
    const crush = addDevice(map.crush, { id, weight: weightOne, deviceClass: 'hdd', location });
    const entity = { name: `osd.${id}`, caps: new Map([['mon', 'profile osd']]) };
    map = applyLocally(
      { ...map, crush },
      [
        { kind: 'osd', osd: sampleOsd(id, hosts) },
        { kind: 'entity', entity },
      ],
      2_000,
    );
  }
  pools.forEach((pool, index) => (map = withPool(map, { id: poolId(index + 1), ...pool })));
  return map;
}

export function sampleOsd(id: number, hosts = 4): OsdInfo {
  return {
    id: osdId(id),
    uuid: id.toString(16).padStart(32, '0'),
    store: storeNumber(id + 1),
    boot: 1,
    publicAddress: { host: '10.0.0.1', port: 6800 + id },
    clusterAddress: { host: '10.1.0.1', port: 6800 + id },
    isUp: true,
    isIn: true,
    isAutoOut: false,
    reweight: weightOne,
    capacityBytes: 100 * GiB,
    upFrom: epoch(1),
    downAt: epoch(0),
    downSince: wallMs(0),
    hostname: `h${id % hosts}`,
    version: '0.1.0',
    features: 0,
  };
}

/** Its PG n has `size` members, from OSD n on. */
function withPool(map: ClusterMap, given: Partial<Pool> & { readonly id: PoolId }): ClusterMap {
  const pool: Pool = {
    name: `pool${given.id}`,
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
    application: '',
    flags: [],
    createdAt: epoch(2),
    ...given,
  };
  const ids = [...map.osds.keys()];
  const pgs = Uint32Array.from({ length: pool.pgNum }, (_, pg) => pg);
  const records = [...pgs].map((pg) => sampleRecord(ids, pg, Math.min(pool.size, ids.length)));
  return applyLocally(
    map,
    [
      { kind: 'pool', pool },
      { kind: 'records', pool: pool.id, pgs, records },
    ],
    2_000,
  );
}

function sampleRecord(ids: readonly OsdId[], pg: number, size: number): PgRecord {
  const acting = Array.from({ length: size }, (_, index) => {
    const id = ids[(pg + index) % ids.length] ?? osdId(0);
    return { osd: id, store: storeNumber(id + 1) };
  });
  return { term: pgTerm(acting.length > 0 ? 1 : 0), acting, eligible: [], mode: { kind: 'sync' } };
}
