/** Cluster maps for tests of commands: small ones to start from, and what a list of changes makes of one. */
import { wallMs } from '../../../base/instants.js';
import type { MapChange } from '../../../cluster/change.js';
import { epoch } from '../../../cluster/ids.js';
import type { ClusterMap } from '../../../cluster/map.js';
import { emptyPgRecords } from '../../../cluster/packed-pg-records.js';
import { tunablesProfiles } from '../../../crush/tunables.js';

/** Epoch 1, with `client.admin` who may do everything, an empty root, and nothing else. */
export function emptyClusterMap(): ClusterMap {
  const types = ['osd', 'host', 'chassis', 'rack', 'row', 'room', 'datacenter', 'zone', 'region', 'root'];
  return {
    epoch: epoch(1),
    fsid: '0123456789abcdef0123456789abcdef',
    createdAt: wallMs(1_000),
    changedAt: wallMs(1_000),
    requiredFeatures: 0,
    monitors: new Map(),
    osds: new Map(),
    crush: {
      tunables: tunablesProfiles.jewel,
      devices: new Map(),
      types: new Map(types.map((name, id) => [id, name])),
      classes: new Map(),
      buckets: new Map([[-1, { id: -1, name: 'default', type: 9, algorithm: 'straw2', items: [] }]]),
      rules: new Map([
        [
          0,
          {
            id: 0,
            name: 'replicated_rule',
            type: 1,
            steps: [{ op: 'take', item: -1 }, { op: 'chooseleaf-firstn', count: 0, type: 1 }, { op: 'emit' }],
          },
        ],
      ]),
      chooseArgs: new Map(),
    },
    pools: new Map(),
    records: emptyPgRecords,
    upmaps: new Map(),
    flags: new Set(),
    config: new Map(),
    entities: new Map([
      [
        'client.admin',
        {
          name: 'client.admin',
          caps: new Map([
            ['mon', 'allow *'],
            ['osd', 'allow *'],
          ]),
        },
      ],
    ]),
    storeLast: 0,
    poolLast: 0,
    memberLast: 0,
  };
}

/** The next epoch; without a change the map as it was. */
export function applyLocally(map: ClusterMap, changes: readonly MapChange[], now: number): ClusterMap {
  if (changes.length === 0) return map;
  const next = changes.reduce(applyOne, map);
  return { ...next, epoch: epoch(map.epoch + 1), changedAt: wallMs(Math.max(now, map.changedAt)) };
}

function applyOne(map: ClusterMap, change: MapChange): ClusterMap {
  switch (change.kind) {
    case 'monitor':
      return { ...map, monitors: with_(map.monitors, change.monitor.name, change.monitor) };
    case 'monitor-removed':
      return { ...map, monitors: with_(map.monitors, change.name, undefined) };
    case 'osd': {
      const storeLast = Math.max(map.storeLast, change.osd.store);
      return { ...map, osds: with_(map.osds, change.osd.id, change.osd), storeLast };
    }
    case 'osd-removed':
      return { ...map, osds: with_(map.osds, change.id, undefined) };
    case 'crush':
      return { ...map, crush: change.crush };
    case 'pool': {
      const { pool } = change;
      const records = map.pools.has(pool.id) ? map.records : map.records.withPool(pool.id, pool.pgNum);
      return { ...map, pools: with_(map.pools, pool.id, pool), records, poolLast: Math.max(map.poolLast, pool.id) };
    }
    case 'pool-removed': {
      const { id } = change;
      const upmaps = with_(map.upmaps, id, undefined);
      return { ...map, pools: with_(map.pools, id, undefined), records: map.records.withoutPool(id), upmaps };
    }
    case 'records':
      return { ...map, records: map.records.with(change.pool, change.pgs, change.records) };
    case 'upmap': {
      const { pool, pg } = change.pg;
      const pgs = with_(map.upmaps.get(pool) ?? new Map(), pg, change.items.length > 0 ? change.items : undefined);
      return { ...map, upmaps: with_(map.upmaps, pool, pgs.size > 0 ? pgs : undefined) };
    }
    case 'flag': {
      const flags = new Set(map.flags);
      if (change.isSet) flags.add(change.flag);
      else flags.delete(change.flag);
      return { ...map, flags };
    }
    case 'config':
      return { ...map, config: with_(map.config, change.key, change.value) };
    case 'entity':
      return { ...map, entities: with_(map.entities, change.entity.name, change.entity) };
    case 'entity-removed':
      return { ...map, entities: with_(map.entities, change.name, undefined) };
    case 'required-features':
      return { ...map, requiredFeatures: change.features };
    case 'numbers':
      return {
        ...map,
        storeLast: Math.max(map.storeLast, change.storeLast),
        poolLast: Math.max(map.poolLast, change.poolLast),
        memberLast: Math.max(map.memberLast, change.memberLast),
      };
  }
}

function with_<K, V>(map: ReadonlyMap<K, V>, key: K, value: V | undefined): ReadonlyMap<K, V> {
  const next = new Map(map);
  if (value === undefined) next.delete(key);
  else next.set(key, value);
  return next;
}

const noRecord: PgRecord = { term: pgTerm(0), acting: [], eligible: [], mode: { kind: 'sync' } };

class LocalRecords implements PgRecords {
  readonly #pools: ReadonlyMap<PoolId, readonly PgRecord[]>;

  constructor(pools: ReadonlyMap<PoolId, readonly PgRecord[]>) {
    this.#pools = pools;
  }

  get count(): number {
    return [...this.#pools.values()].reduce((sum, records) => sum + records.length, 0);
  }

  get({ pool, pg }: { readonly pool: PoolId; readonly pg: number }): PgRecord | undefined {
    return this.#pools.get(pool)?.[pg];
  }

  with(pool: PoolId, pgs: Uint32Array, records: readonly PgRecord[]): PgRecords {
    const next = [...(this.#pools.get(pool) ?? [])];
    pgs.forEach((pg, index) => (next[pg] = records[index] ?? noRecord));
    return new LocalRecords(new Map(this.#pools).set(pool, next));
  }

  withPool(pool: PoolId, pgNum: number): PgRecords {
    return new LocalRecords(
      new Map(this.#pools).set(
        pool,
        Array.from({ length: pgNum }, () => noRecord),
      ),
    );
  }

  withoutPool(pool: PoolId): PgRecords {
    const pools = new Map(this.#pools);
    pools.delete(pool);
    return new LocalRecords(pools);
  }
}
