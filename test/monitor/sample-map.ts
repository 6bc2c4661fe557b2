/** Small cluster maps for tests of the monitor's pure parts. */
import { wallMs } from '../../base/instants.js';
import { epoch, osdId, storeNumber, type OsdId } from '../../cluster/ids.js';
import type { ClusterFlag } from '../../cluster/map.js';
import type { OsdInfo } from '../../cluster/osd.js';
import { tunablesProfiles } from '../../crush/tunables.js';
import { type Bucket, type BucketItem, type CrushMap, weightOne } from '../../crush/types.js';

export const typeNames = new Map([
  [0, 'osd'],
  [1, 'host'],
  [3, 'rack'],
  [11, 'root'],
]);

/** `racks[r][h]` OSDs on host h of rack r, numbered through; hosts are `h0`, `h1`… through all racks. */
export function crushOf(racks: readonly (readonly number[])[]): CrushMap {
  const buckets = new Map<number, Bucket>();
  let nextOsd = 0;
  let nextHost = 0;
  const add = (name: string, type: number, items: readonly BucketItem[]): BucketItem => {
    const id = -1 - buckets.size;
    buckets.set(id, { id, name, type, algorithm: 'straw2', items });
    return { id, weight: items.reduce((sum, { weight }) => sum + weight, 0) };
  };
  const rackItems = racks.map((hosts, rack) => {
    const hostItems = hosts.map((count) => {
      const items = Array.from({ length: count }, (_, index) => ({ id: nextOsd + index, weight: weightOne }));
      nextOsd += count;
      nextHost += 1;
      return add(`h${nextHost - 1}`, 1, items);
    });
    return add(`r${rack}`, 3, hostItems);
  });
  add('default', 11, rackItems);
  return {
    tunables: tunablesProfiles.jewel,
    devices: new Map(Array.from({ length: nextOsd }, (_, id) => [id, { id, name: `osd.${id}` }])),
    types: typeNames,
    classes: new Map(),
    buckets,
    rules: new Map(),
    chooseArgs: new Map(),
  };
}

export function osdInfo(id: number, changes: Partial<OsdInfo> = {}): OsdInfo {
  return {
    id: osdId(id),
    uuid: String(id).padStart(32, '0'),
    store: storeNumber(id + 1),
    boot: 1,
    publicAddress: { host: '10.0.0.1', port: 7_000 + id },
    clusterAddress: { host: '10.1.0.1', port: 7_000 + id },
    isUp: true,
    isIn: true,
    isAutoOut: false,
    reweight: weightOne,
    capacityBytes: 1_000,
    upFrom: epoch(1),
    downAt: epoch(0),
    downSince: wallMs(0),
    hostname: '',
    version: '1.0.0',
    features: 0,
    ...changes,
  };
}

export interface SampleMap {
  readonly epoch: ReturnType<typeof epoch>;
  readonly osds: ReadonlyMap<OsdId, OsdInfo>;
  readonly crush: CrushMap;
  readonly flags: ReadonlySet<ClusterFlag>;
}

/** All up and in, but for what `changes` says per OSD. */
export function sampleMap(
  racks: readonly (readonly number[])[],
  changes: Readonly<Record<number, Partial<OsdInfo>>> = {},
  flags: readonly ClusterFlag[] = [],
): SampleMap {
  const crush = crushOf(racks);
  return {
    epoch: epoch(1),
    osds: new Map([...crush.devices.keys()].map((id) => [osdId(id), osdInfo(id, changes[id])])),
    crush,
    flags: new Set(flags),
  };
}

/** The next epoch, with some OSDs changed. */
export function withOsds<M extends SampleMap>(map: M, changes: Readonly<Record<number, Partial<OsdInfo>>>): M {
  const osds = new Map(map.osds);
  for (const [key, change] of Object.entries(changes)) {
    const old = osds.get(osdId(Number(key)));
    if (old !== undefined) osds.set(old.id, { ...old, ...change });
  }
  return { ...map, epoch: epoch(map.epoch + 1), osds };
}
