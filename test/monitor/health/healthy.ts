/** A cluster of which nothing is to be said: tests change one thing at a time. */
import { wallMs } from '../../../base/instants.js';
import { epoch, osdId, poolId } from '../../../cluster/ids.js';
import type { MonitorInfo } from '../../../cluster/map.js';
import type { OsdInfo } from '../../../cluster/osd.js';
import type { Pool } from '../../../cluster/pool.js';
import { defaultHealthSettings, type HealthSettings } from '../../../monitor/health/settings.js';
import type { HealthInput, HealthMap, MonitorHealth, OsdHealth, PoolHealth } from '../../../monitor/health/types.js';
import { Topology } from '../../../cluster/topology.js';
import { sampleMap } from '../sample-map.js';

export const now = wallMs(1_700_000_000_000);

export function pool(id: number, changes: Partial<Pool> = {}): Pool {
  return {
    id: poolId(id),
    name: `pool${id}`,
    kind: 'replicated',
    size: 3,
    minSize: 2,
    pgNum: 32,
    rule: 0,
    mode: { kind: 'sync' },
    checksumBlockBytes: 4_096,
    requiredFeatures: 0,
    quotaBytes: 0,
    quotaObjects: 0,
    application: 's3',
    flags: [],
    createdAt: epoch(1),
    ...changes,
  };
}

export const goodMonitor: MonitorHealth = {
  isUp: true,
  clockOffsetMs: 1,
  disk: { freeBytes: 80, totalBytes: 100, storeBytes: 10 },
  version: '1.0.0',
  loopDelayMs: 5,
  slowOps: { count: 0, oldestMs: 0 },
};

export const goodOsd: OsdHealth = {
  usedBytes: 100,
  totalBytes: 1_000,
  slowOps: { count: 0, oldestMs: 0 },
  loopDelayMs: 5,
  recovery: undefined,
  lagging: 0,
  parked: undefined,
};

export function poolStats(changes: Partial<PoolHealth> = {}): PoolHealth {
  return {
    states: new Map([['active+clean', 32]]),
    examples: [],
    objects: 100,
    storedBytes: 1_000,
    degradedObjects: 0,
    misplacedObjects: 0,
    leftObjects: 0,
    leftBytes: 0,
    unfoundObjects: 0,
    scrubErrors: 0,
    otherMode: 0,
    notScrubbed: 0,
    notDeepScrubbed: 0,
    ...changes,
  };
}

/** `undefined` takes the thing away. */
export interface Changes {
  readonly racks?: readonly (readonly number[])[];
  readonly osds?: Readonly<Record<number, Partial<OsdInfo>>>;
  readonly map?: Partial<HealthMap>;
  readonly pool?: Partial<Pool>;
  readonly stats?: Partial<PoolHealth> | undefined;
  readonly monitor?: Partial<MonitorHealth> | undefined;
  readonly osd?: Partial<OsdHealth>;
  readonly settings?: Partial<HealthSettings>;
  readonly input?: Partial<HealthInput>;
}

/** Two racks of two hosts of one OSD, monitors a, b and c, one pool; changes are of osd.0, mon.b and the pool. */
export function healthInput(changes: Changes = {}): HealthInput {
  const sample = sampleMap(
    changes.racks ?? [
      [1, 1],
      [1, 1],
    ],
    changes.osds,
  );
  const monitors = new Map(['a', 'b', 'c'].map((name, index) => [name, monitorInfo(name, index)]));
  const pools = new Map([[poolId(1), pool(1, changes.pool)]]);
  const map: HealthMap = { ...sample, monitors, pools, ...changes.map };
  const monitorHealth = new Map([...monitors.keys()].map((name) => [name, goodMonitor]));
  if ('monitor' in changes && changes.monitor === undefined) monitorHealth.delete('b');
  else monitorHealth.set('b', { ...goodMonitor, ...changes.monitor });
  const stats = new Map([[poolId(1), poolStats(changes.stats)]]);
  if ('stats' in changes && changes.stats === undefined) stats.clear();
  return {
    map,
    topology: new Topology(map.crush),
    now,
    settings: { ...defaultHealthSettings, ...changes.settings },
    hasQuorum: true,
    monitors: monitorHealth,
    osds: new Map([...map.osds.keys()].map((id) => [id, id === osdId(0) ? { ...goodOsd, ...changes.osd } : goodOsd])),
    pools: stats,
    flapping: new Map(),
    crashes: [],
    mixedVersionsSince: undefined,
    mutes: [],
    ...changes.input,
  };
}

function monitorInfo(name: string, index: number): MonitorInfo {
  return { name, member: index + 1, address: { host: '10.0.0.1', port: 3_300 + index }, role: 'voter' };
}
