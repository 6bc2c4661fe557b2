/**
 * PG -> up: where CRUSH wants a PG, as Ceph computes it (`OSDMap::_pg_to_up_acting_osds` with replicated pools):
 *
 *   1. *raw*: the rule's choice with the reweights of OSDs that are in, without OSDs that do not exist
 *   2. the PG's upmap items, in order: `to` takes the place of `from` where `from` stands, unless `to` stands there
 *      already or is out. (So two items cannot swap two OSDs; Ceph's neither.)
 *   3. *up*: without those that are down. The order stays, later ones move up
 *
 * A down OSD stays in raw until it is out. So `up` says where data could be now, nothing moves for an OSD that restarts, and
 * placements need not be computed again when OSDs go down or come up, which is what happens most.
 */
import { type CompiledCrushMap, chooseArgsOfPool, compileCrushMap } from '../crush/compiled-map.js';
import { CrushMapper, noItem } from '../crush/mapper.js';
import type { CrushMap } from '../crush/types.js';
import type { OsdId } from './ids.js';
import type { ClusterMap } from './map.js';
import { placementInput } from './object-placement.js';
import { crushReweight, type OsdInfo } from './osd.js';
import type { Pool } from './pool.js';
import type { UpmapItem, Upmaps } from './upmap.js';

/** What placements depend on. */
export type PlacementMap = Pick<ClusterMap, 'crush' | 'osds' | 'upmaps'>;

/** Compiled once and then used for as long as the map's CRUSH part stays. Not reentrant: `mapper` owns scratch memory. */
export interface CrushEngine {
  readonly crush: CrushMap;
  readonly compiled: CompiledCrushMap;
  readonly mapper: CrushMapper;
}

/** Throws `INVALID_ARGUMENT` for a CRUSH map that cannot be mapped with. */
export function crushEngine(crush: CrushMap): CrushEngine {
  const compiled = compileCrushMap(crush);
  return { crush, compiled, mapper: new CrushMapper(compiled) };
}

/** The OSDs as CRUSH weighs them, 16.16 by id; 0 for ids without an OSD. */
export function crushWeights(osds: ReadonlyMap<OsdId, OsdInfo>): Uint32Array {
  let length = 0;
  for (const id of osds.keys()) length = Math.max(length, id + 1);
  const weights = new Uint32Array(length);
  for (const [id, osd] of osds) weights[id] = crushReweight(osd);
  return weights;
}

/** The raw and up sets of single PGs under one map. Not reentrant. */
export class UpMapper {
  readonly engine: CrushEngine;
  readonly weights: Uint32Array;
  readonly #osds: ReadonlyMap<OsdId, OsdInfo>;
  readonly #upmaps: Upmaps;
  #chosen = new Int32Array(8);

  /** `engine` of an earlier map saves compiling it, if its CRUSH part is the same. */
  constructor(map: PlacementMap, engine?: CrushEngine) {
    this.engine = engine?.crush === map.crush ? engine : crushEngine(map.crush);
    this.weights = crushWeights(map.osds);
    this.#osds = map.osds;
    this.#upmaps = map.upmaps;
  }

  /** Those of `raw` that are up. */
  up(pool: Pool, pg: number): OsdId[] {
    return this.raw(pool, pg).filter((osd) => this.#osds.get(osd)?.isUp === true);
  }

  /** At most `pool.size` OSDs, all of which exist, in the order of CRUSH. */
  raw(pool: Pool, pg: number): OsdId[] {
    const raw = this.crushChoice(pool, pg);
    const items = this.#upmaps.get(pool.id)?.get(pg);
    if (items !== undefined) applyUpmap(raw, items, this.weights);
    return raw;
  }

  /** `raw` as it would be without exceptions. */
  crushChoice(pool: Pool, pg: number): OsdId[] {
    if (this.#chosen.length < pool.size) this.#chosen = new Int32Array(pool.size);
    const { compiled, mapper } = this.engine;
    const args = chooseArgsOfPool(compiled, BigInt(pool.id));
    const input = placementInput(pool.id, pg);
    const count = mapper.map(pool.rule, input, pool.size, this.weights, this.#chosen, args);
    const raw: OsdId[] = [];
    for (const device of this.#chosen.subarray(0, count)) {
      // Holes of rules with "indep" close, since any copy of a replicated PG does for any other.
      const osd = device === noItem ? undefined : this.#osds.get(device as OsdId);
      if (osd !== undefined) raw.push(osd.id);
    }
    return raw;
  }
}

/** Changes `raw` in place. */
export function applyUpmap(raw: OsdId[], items: readonly UpmapItem[], weights: Uint32Array): void {
  for (const { from, to } of items) {
    const at = raw.indexOf(from);
    const isOut = (weights[to] ?? 0) === 0;
    if (at >= 0 && !isOut && !raw.includes(to)) raw[at] = to;
  }
}
