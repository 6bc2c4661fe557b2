/** Random changes that are valid on the map they are made for: what commands of all kinds would come to. */
import { isCairnError } from '../../base/errors.js';
import { wallMs } from '../../base/instants.js';
import { runSteps } from '../../base/steps.js';
import type { MapChange } from '../../cluster/change.js';
import { epoch, osdId, pgTerm, storeNumber } from '../../cluster/ids.js';
import { clusterFlags, type ClusterMap } from '../../cluster/map.js';
import type { OsdInfo } from '../../cluster/osd.js';
import type { Member, PgRecord, ReplicationMode } from '../../cluster/pg-record.js';
import { compareMembers } from '../../cluster/pg/members.js';
import { planSplitSteps } from '../../cluster/pg/plan-split.js';
import type { Pool } from '../../cluster/pool.js';
import { poolFlags } from '../../cluster/pool.js';
import type { UpmapItem } from '../../cluster/upmap.js';
import { addBucket } from '../../crush/edit/buckets.js';
import { addDevice } from '../../crush/edit/devices.js';
import { createReplicatedRule } from '../../crush/edit/rules.js';
import type { Random } from '../crush/random-map.js';
import { entity, monitor, osd, pool } from './samples.js';

type Maker = (random: Random, map: ClusterMap) => MapChange[];

/** Never empty: makers that find nothing to do are passed over. */
export function randomChanges(random: Random, map: ClusterMap): MapChange[] {
  for (;;) {
    const changes = random.pick(makers)(random, map);
    if (changes.length > 0) return changes;
  }
}

const makers: readonly Maker[] = [
  (random, map) => [
    { kind: 'monitor', monitor: monitor(random.pick(['a', 'b', 'd', 'e']), map.memberLast + 1, { role: 'voter' }) },
  ],
  (random, map) =>
    map.monitors.size > 2 ? [{ kind: 'monitor-removed', name: random.pick([...map.monitors.keys()]) }] : [],
  newOsd,
  newOsd,
  changedOsd,
  changedOsd,
  changedOsd,
  removedOsd,
  changedCrush,
  newPool,
  newPool,
  changedPool,
  splitPool,
  (random, map) => (map.pools.size > 2 ? [{ kind: 'pool-removed', id: random.pick([...map.pools.keys()]) }] : []),
  changedRecords,
  changedRecords,
  changedRecords,
  changedRecords,
  changedUpmap,
  changedUpmap,
  (random) => [{ kind: 'flag', flag: random.pick(clusterFlags), isSet: random.chance(0.5) }],
  (random) => {
    const key = `${random.pick(['global', 'osd', 'osd.3'])}/${random.pick(['log_level', 'a', 'zeta_9'])}`;
    return [{ kind: 'config', key, value: random.chance(0.3) ? undefined : random.pick(['', '1', 'größer ☂']) }];
  },
  (random) => {
    const name = `client.${random.pick(['x', 'y', 'z'])}`;
    return [{ kind: 'entity', entity: entity(name, random.pick([{}, { mon: 'allow r' }, { osd: 'b', mon: 'a' }])) }];
  },
  (random, map) =>
    map.entities.size > 1 ? [{ kind: 'entity-removed', name: random.pick([...map.entities.keys()]) }] : [],
  (random, map) => {
    // Everyone learns the feature first.
    const features = map.requiredFeatures + random.pick([0, 2 ** 45]);
    if (map.requiredFeatures > 0) return [];
    const osds = [...map.osds.values()].map((info): MapChange => ({ kind: 'osd', osd: { ...info, features } }));
    return [...osds, { kind: 'required-features', features }];
  },
  (random, map) => [
    {
      kind: 'numbers',
      storeLast: map.storeLast + random.between(0, 3),
      poolLast: random.between(0, map.poolLast + 2),
      memberLast: random.between(0, 9),
    },
  ],
];

function newOsd(random: Random, map: ClusterMap): MapChange[] {
  const id = random.between(0, 12);
  const before = map.osds.get(osdId(id));
  if (before !== undefined && random.chance(0.5)) return [];
  const store = storeNumber(map.storeLast + random.between(1, 2));
  const uuid = random.chance(0.8) ? store.toString(16).padStart(32, '0') : undefined;
  const isUp = uuid !== undefined && random.chance(0.8);
  return [
    {
      kind: 'osd',
      osd: osd(id, { store, uuid, isUp, boot: uuid === undefined ? 0 : 1, features: map.requiredFeatures }),
    },
  ];
}

function changedOsd(random: Random, map: ClusterMap): MapChange[] {
  if (map.osds.size === 0) return [];
  const before = random.pick([...map.osds.values()]);
  const isIn = random.chance(0.7);
  const next = epoch(map.epoch + 1);
  const isUp = before.uuid !== undefined && random.chance(0.6);
  const after: OsdInfo = {
    ...before,
    isIn,
    isAutoOut: !isIn && random.chance(0.5),
    boot: before.boot + (isUp ? 1 : 0),
    isUp,
    uuid: !isUp && random.chance(0.1) ? undefined : before.uuid,
    reweight: random.between(0, 0x10000),
    capacityBytes: random.pick([0, 2 ** 40, 2 ** 53 - 1]),
    upFrom: isUp ? next : before.upFrom,
    downAt: isUp ? before.downAt : next,
    downSince: wallMs(map.changedAt + 0.25),
    publicAddress: isUp || random.chance(0.8) ? osd(before.id).publicAddress : undefined,
  };
  return [{ kind: 'osd', osd: after }];
}

function removedOsd(random: Random, map: ClusterMap): MapChange[] {
  const named = new Set<number>();
  for (const ofPool of map.upmaps.values()) {
    for (const items of ofPool.values()) for (const { from, to } of items) named.add(from).add(to);
  }
  const free = [...map.osds.keys()].filter((id) => !named.has(id));
  return free.length > 2 ? [{ kind: 'osd-removed', id: random.pick(free) }] : [];
}

function changedCrush(random: Random, map: ClusterMap): MapChange[] {
  const id = map.crush.devices.size;
  if (id > 6) return [];
  const location = new Map([
    ['root', 'default'],
    ['host', `h${random.between(0, 2)}`],
  ]);
  const deviceClass = random.pick(['hdd', 'ssd']);
  let crush = addDevice(map.crush, { id, weight: 0x10000 * random.between(0, 3), deviceClass, location });
  if (random.chance(0.3)) crush = addBucket(crush, { name: `root${id}`, type: 'root' });
  if (random.chance(0.3)) {
    crush = createReplicatedRule(crush, { name: `rule${id}`, root: 'default', failureDomain: 'host', deviceClass });
  }
  return [{ kind: 'crush', crush }];
}

function newPool(random: Random, map: ClusterMap): MapChange[] {
  if (map.pools.size > 4) return [];
  const id = map.poolLast + random.between(1, 2);
  const mode: Pool['mode'] = random.chance(0.7)
    ? { kind: 'sync' }
    : { kind: 'async', ackCopies: 1, maxLagMs: 2000, maxLagBytes: 2 ** 30 };
  const added = pool(id, { pgNum: random.pick([1, 3, 300]), mode, createdAt: epoch(map.epoch + 1) });
  return [{ kind: 'pool', pool: added }, ...recordsOf(random, map, added)];
}

function changedPool(random: Random, map: ClusterMap): MapChange[] {
  if (map.pools.size === 0) return [];
  const before = random.pick([...map.pools.values()]);
  return [
    {
      kind: 'pool',
      pool: {
        ...before,
        minSize: random.between(1, 3),
        rule: random.pick([...map.crush.rules.keys()]),
        quotaBytes: random.pick([0, 2 ** 45]),
        flags: poolFlags.filter(() => random.chance(0.3)),
        application: random.pick(['', 's3', 'volume']),
      },
    },
  ];
}

/** At most 64 PGs more, so that the maps of a test stay small. Nothing for pools with PGs that cannot be split now. */
function splitPool(random: Random, map: ClusterMap): MapChange[] {
  const pools = [...map.pools.values()].filter(({ pgNum }) => pgNum < 400);
  if (pools.length === 0) return [];
  const before = random.pick(pools);
  const after = { ...before, pgNum: before.pgNum + random.pick([1, Math.min(before.pgNum, 64)]) };
  try {
    return [{ kind: 'pool', pool: after }, ...runSteps(planSplitSteps(map, after))];
  } catch (error) {
    if (isCairnError(error, 'CONFLICT')) return [];
    throw error;
  }
}

function changedRecords(random: Random, map: ClusterMap): MapChange[] {
  return map.pools.size === 0 ? [] : recordsOf(random, map, random.pick([...map.pools.values()]));
}

function recordsOf(random: Random, map: ClusterMap, { id, pgNum }: Pool): MapChange[] {
  const stored = [...map.osds.values()].filter(({ uuid }) => uuid !== undefined);
  if (stored.length < 4) return [];
  const share = random.pick([0.02, 0.5, 1]);
  const pgs: number[] = [];
  for (let pg = 0; pg < pgNum; pg += 1) if (random.chance(share)) pgs.push(pg);
  const records = pgs.map((pg) => nextRecord(random, map.records.get({ pool: id, pg })?.term ?? 0, stored));
  return [{ kind: 'records', pool: id, pgs: Uint32Array.from(pgs), records }];
}

function nextRecord(random: Random, term: number, osds: readonly OsdInfo[]): PgRecord {
  const first = random.between(0, osds.length - 1);
  const members: Member[] = [0, 1, 2, 3].map((i) => {
    const { id, store } = osds[(first + i) % osds.length]!;
    return { osd: id, store };
  });
  const actingCount = random.between(1, 4);
  const mode: ReplicationMode = random.chance(0.8) ? { kind: 'sync' } : { kind: 'async', ackCopies: 2 };
  return {
    term: pgTerm(term + random.pick([1, 2, 2 ** 20])),
    acting: members.slice(0, actingCount),
    eligible: random.chance(0.5) ? [] : members.slice(actingCount).sort(compareMembers),
    mode,
  };
}

function changedUpmap(random: Random, map: ClusterMap): MapChange[] {
  const ids = [...map.osds.keys()];
  const pools = [...map.pools.values()];
  if (ids.length < 2 || pools.length === 0) return [];
  const { id, pgNum } = random.pick(pools);
  const pg = random.between(0, pgNum - 1);
  const from = random.pick(ids);
  const to = random.pick(ids.filter((other) => other !== from));
  const items: UpmapItem[] = random.chance(0.3) ? [] : [{ from, to }];
  return [{ kind: 'upmap', pg: { pool: id, pg }, items }];
}
