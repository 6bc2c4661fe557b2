/** A map of a few OSDs, each on a host of its own, and one pool: for the benchmark of the path of a change. */
import { wallMs } from '../../base/instants.js';
import { applyIncremental } from '../../cluster/apply-incremental.js';
import type { MapChange } from '../../cluster/change.js';
import { createMap } from '../../cluster/create-map.js';
import { defaultCrush } from '../../cluster/default-crush.js';
import { epoch, osdId, pgTerm, poolId, storeNumber } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { OsdInfo } from '../../cluster/osd.js';
import type { Pool } from '../../cluster/pool.js';
import { parseCrushText } from '../../crush/text-parser.js';
import { printCrushText } from '../../crush/text-printer.js';

export const fixedPool = poolId(1);
export const fixedPgNum = 64;

export function fixedMap(osdCount: number): ClusterMap {
  const monitors = [{ name: 'a', member: 1, address: { host: '127.0.0.1', port: 7000 }, role: 'voter' as const }];
  const fsid = '0123456789abcdef0123456789abcdef';
  const empty = createMap({ fsid, createdAt: wallMs(0), monitors, entities: [], crush: crushMap(osdCount) });
  const osds = Array.from({ length: osdCount }, (_, id): MapChange => ({ kind: 'osd', osd: osd(id) }));
  const acting = Array.from({ length: osdCount }, (_, id) => ({ osd: osdId(id), store: storeNumber(id + 1) }));
  const pgs = Uint32Array.from({ length: fixedPgNum }, (_, pg) => pg);
  const records = Array.from(pgs, () => ({ term: pgTerm(1), acting, eligible: [], mode: { kind: 'sync' as const } }));
  const changes: MapChange[] = [
    ...osds,
    { kind: 'pool', pool: pool(osdCount) },
    { kind: 'records', pool: fixedPool, pgs, records },
  ];
  return applyIncremental(empty, { epoch: epoch(empty.epoch + 1), fsid, changedAt: wallMs(0), changes });
}

function crushMap(osdCount: number) {
  const lines = [printCrushText(defaultCrush()).split('# buckets')[0] ?? ''];
  for (let id = 0; id < osdCount; id += 1) lines.push(`device ${id} osd.${id} class ssd`);
  for (let id = 0; id < osdCount; id += 1) {
    lines.push(`host h${id} { alg straw2 hash 0 item osd.${id} weight 1.0 }`);
  }
  const hosts = Array.from({ length: osdCount }, (_, id) => `item h${id}`);
  lines.push(`root default { alg straw2 hash 0 ${hosts.join(' ')} }`);
  lines.push('rule data { id 0 type replicated step take default step chooseleaf firstn 0 type host step emit }');
  return parseCrushText(lines.join('\n'));
}

function osd(id: number): OsdInfo {
  const address = { host: '127.0.0.1', port: 6800 + id };
  return {
    id: osdId(id),
    uuid: id.toString(16).padStart(32, '0'),
    store: storeNumber(id + 1),
    boot: 1,
    publicAddress: address,
    clusterAddress: address,
    isUp: true,
    isIn: true,
    isAutoOut: false,
    reweight: 0x10000,
    capacityBytes: 1e12,
    upFrom: epoch(2),
    downAt: epoch(0),
    downSince: wallMs(0),
    hostname: `h${id}`,
    version: '0.1.0',
    features: 1,
  };
}

function pool(size: number): Pool {
  return {
    id: fixedPool,
    name: 'bench',
    kind: 'replicated',
    size,
    minSize: Math.max(1, size - 1),
    pgNum: fixedPgNum,
    rule: 0,
    mode: { kind: 'sync' },
    checksumBlockBytes: 65_536,
    requiredFeatures: 0,
    quotaBytes: 0,
    quotaObjects: 0,
    application: '',
    flags: [],
    createdAt: epoch(2),
  };
}
