/** Where the PGs of a map should be, for commands that say what they change. */
import type { OsdId, PoolId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { UpOf } from '../../cluster/pg/context.js';
import { type PlacementMap, UpMapper } from '../../cluster/up-mapper.js';

type MapOfPools = PlacementMap & Pick<ClusterMap, 'pools'>;

/** Those that are up. Empty for a pool that does not exist. */
export function upSets(map: MapOfPools): UpOf {
  const mapper = new UpMapper(map);
  return (pool, pg) => placed(map, pool, (found) => mapper.up(found, pg));
}

/** Whether they are up or not: what counts is where the data belongs. */
export function rawSets(map: MapOfPools): UpOf {
  const mapper = new UpMapper(map);
  return (pool, pg) => placed(map, pool, (found) => mapper.raw(found, pg));
}

type PoolOf = NonNullable<ReturnType<MapOfPools['pools']['get']>>;

function placed({ pools }: MapOfPools, id: PoolId, place: (pool: PoolOf) => OsdId[]): OsdId[] {
  const pool = pools.get(id);
  return pool === undefined ? [] : place(pool);
}
