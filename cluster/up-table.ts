/**
 * The raw placements of all PGs, kept from epoch to epoch: only what an epoch can have moved is computed again.
 *
 * | what changed                                | computed again                                                  |
 * | ------------------------------------------- | --------------------------------------------------------------- |
 * | OSDs went down or up, records, config, caps | nothing: `up` filters at the time it is asked                   |
 * | the upmaps of a pool                        | the PGs whose items changed                                     |
 * | the weight or existence of OSDs             | pools whose rule or upmaps reach one of them                    |
 * | a pool's size, rule or `pgNum`              | that pool                                                       |
 * | the CRUSH map                               | everything: which subtree moved is not worth finding out        |
 */
import { runSteps, type Steps } from '../base/steps.js';
import type { CrushMap } from '../crush/types.js';
import type { OsdId, PgId, PoolId } from './ids.js';
import type { ClusterMap } from './map.js';
import { crushReweight, type OsdInfo } from './osd.js';
import type { Pool } from './pool.js';
import { type CrushEngine, UpMapper } from './up-mapper.js';

/** What a table is made from. */
export type UpTableMap = Pick<ClusterMap, 'crush' | 'osds' | 'pools' | 'upmaps'>;

/**
 * PGs per step. A mapping takes 3 to 8 µs, where most devices are out some 100: a step lasts about a millisecond, at worst
 * a third of the 20 ms that a turn of the event loop may take.
 */
export const remapStepPgCount = 64;

/** In place of an OSD in a set that is smaller than the pool's size. */
const noOsd = -1;

interface PoolPlacements {
  readonly pool: Pool;
  /** `size` places a PG, filled from the front. */
  readonly osds: Int32Array;
}

export class UpTable {
  /** What it was made from. */
  readonly map: UpTableMap;
  readonly engine: CrushEngine;
  readonly placements: ReadonlyMap<PoolId, PoolPlacements>;
  /** PGs that were computed to make this table. */
  readonly computedCount: number;

  private constructor(made: {
    map: UpTableMap;
    engine: CrushEngine;
    placements: ReadonlyMap<PoolId, PoolPlacements>;
    computedCount: number;
  }) {
    this.map = made.map;
    this.engine = made.engine;
    this.placements = made.placements;
    this.computedCount = made.computedCount;
  }

  /** The table of `map`, in steps of `remapStepPgCount` PGs; `previous` is that of an earlier map, if there is one. */
  static *steps(previous: UpTable | undefined, map: UpTableMap): Steps<UpTable> {
    const known = previous?.engine.crush === map.crush ? previous : undefined;
    const mapper = new UpMapper(map, known?.engine);
    const moved = movedOsds(known?.map.osds ?? new Map(), map.osds);
    const placements = new Map<PoolId, PoolPlacements>();
    let computedCount = 0;
    for (const pool of map.pools.values()) {
      const old = known?.placements.get(pool.id);
      const isKept =
        known !== undefined &&
        old !== undefined &&
        isSamePlacing(old.pool, pool) &&
        !reachesAny(map.crush, pool, moved);
      const pgs = isKept ? changedByUpmaps(known.map, map, pool.id, moved) : allPgs(pool);
      computedCount += pgs.length;
      if (isKept && pgs.length === 0) {
        placements.set(pool.id, { pool, osds: old.osds });
        continue;
      }
      const osds = isKept ? old.osds.slice() : new Int32Array(pool.pgNum * pool.size);
      for (const [done, pg] of pgs.entries()) {
        place(osds, pool, pg, mapper);
        if (done % remapStepPgCount === remapStepPgCount - 1) yield;
      }
      placements.set(pool.id, { pool, osds });
    }
    return new UpTable({ map, engine: mapper.engine, placements, computedCount });
  }

  static of(map: UpTableMap, previous?: UpTable): UpTable {
    return runSteps(UpTable.steps(previous, map));
  }

  /** Where CRUSH and upmaps put a PG, down OSDs included; empty for a PG that does not exist. */
  raw({ pool: id, pg }: PgId): OsdId[] {
    const entry = this.placements.get(id);
    const raw: OsdId[] = [];
    if (entry === undefined || pg < 0 || pg >= entry.pool.pgNum) return raw;
    const { size } = entry.pool;
    for (const osd of entry.osds.subarray(pg * size, pg * size + size)) {
      // An id that the mapper found in the map.
      if (osd !== noOsd) raw.push(osd as OsdId);
    }
    return raw;
  }

  /** Those of `raw` that are up in the map of this table. */
  up(pg: PgId): OsdId[] {
    return this.raw(pg).filter((osd) => this.map.osds.get(osd)?.isUp === true);
  }
}

function allPgs(pool: Pool): Uint32Array {
  return Uint32Array.from({ length: pool.pgNum }, (_, pg) => pg);
}

function place(osds: Int32Array, pool: Pool, pg: number, mapper: UpMapper): void {
  const start = pg * pool.size;
  const raw = mapper.raw(pool, pg);
  osds.fill(noOsd, start, start + pool.size);
  osds.set(raw, start);
}

/** The OSDs that CRUSH weighs otherwise than before, new and removed ones too. */
function movedOsds(before: ReadonlyMap<OsdId, OsdInfo>, after: ReadonlyMap<OsdId, OsdInfo>): ReadonlySet<OsdId> {
  const moved = new Set<OsdId>();
  if (before === after) return moved;
  for (const [id, osd] of after) {
    const old = before.get(id);
    if (old === osd) continue;
    if (old === undefined || crushReweight(old) !== crushReweight(osd)) moved.add(id);
  }
  for (const id of before.keys()) if (!after.has(id)) moved.add(id);
  return moved;
}

function isSamePlacing(a: Pool, b: Pool): boolean {
  return a === b || (a.size === b.size && a.pgNum === b.pgNum && a.rule === b.rule);
}

/** Whether the pool's rule can choose one of `osds`: below the buckets that it takes. */
function reachesAny(crush: CrushMap, pool: Pool, osds: ReadonlySet<OsdId>): boolean {
  if (osds.size === 0) return false;
  const seen = new Set<number>();
  const open: number[] = [];
  for (const step of crush.rules.get(pool.rule)?.steps ?? []) if (step.op === 'take') open.push(step.item);
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (seen.has(item)) continue;
    seen.add(item);
    // An item from 0 on is a device, and its id that of the OSD.
    if (item >= 0 && osds.has(item as OsdId)) return true;
    for (const { id } of crush.buckets.get(item)?.items ?? []) open.push(id);
  }
  return false;
}

/** PGs with other items than before, and those whose items name an OSD of `moved`. */
function changedByUpmaps(
  before: UpTableMap,
  after: UpTableMap,
  pool: PoolId,
  moved: ReadonlySet<OsdId>,
): readonly number[] {
  const old = before.upmaps.get(pool);
  const now = after.upmaps.get(pool);
  if (old === now && moved.size === 0) return [];
  const pgs = new Set<number>();
  for (const [pg, items] of now ?? []) {
    if (old?.get(pg) !== items || items.some(({ from, to }) => moved.has(from) || moved.has(to))) pgs.add(pg);
  }
  for (const pg of old?.keys() ?? []) if (now?.has(pg) !== true) pgs.add(pg);
  return [...pgs];
}
