/** Where the PGs of a map should be, for commands that say what they change. */
import { type OsdId, osdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { crushReweight } from '../../cluster/osd.js';
import type { UpOf } from '../../cluster/pg/context.js';
import { chooseArgsOfPool, compileCrushMap } from '../../crush/compiled-map.js';
import { hash32of2 } from '../../crush/hash.js';
import { CrushMapper, noItem } from '../../crush/mapper.js';

export type PlacementMap = Pick<ClusterMap, 'osds' | 'crush' | 'pools' | 'upmaps'>;

/** OSDs that are out have no part; those that are down have, as far as `isUpOnly` is not set. */
export function upSets(map: PlacementMap, { isUpOnly = true }: { readonly isUpOnly?: boolean } = {}): UpOf {
  const compiled = compileCrushMap(map.crush);
  const mapper = new CrushMapper(compiled);
  const weights = new Uint32Array([...map.osds.keys()].reduce((most, id) => Math.max(most, id + 1), 0));
  for (const osd of map.osds.values()) weights[osd.id] = crushReweight(osd);
  const out = new Int32Array(64);
  return (poolId, pg) => {
    const pool = map.pools.get(poolId);
    if (pool === undefined) return [];
    const x = hash32of2(pg, poolId);
    const chooseArgs = chooseArgsOfPool(compiled, BigInt(poolId));
    const count = mapper.map(pool.rule, x, Math.min(pool.size, out.length), weights, out, chooseArgs);
    const items = map.upmaps.get(poolId)?.get(pg) ?? [];
    const up: OsdId[] = [];
    for (let index = 0; index < count; index += 1) {
      const chosen = out[index] ?? noItem;
      if (chosen === noItem || chosen < 0) continue;
      const id = items.find(({ from }) => from === chosen)?.to ?? osdId(chosen);
      const osd = map.osds.get(id);
      if (osd !== undefined && (osd.isUp || !isUpOnly)) up.push(id);
    }
    return up;
  };
}
