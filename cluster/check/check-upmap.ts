import { osdIdMax, printPgId, type OsdId, type PgId, type PoolId } from '../ids.js';
import type { UpmapItem, Upmaps } from '../upmap.js';
import { existing, fits, isIntegerWithin, valid } from './facts.js';
import { poolSizeMax } from './check-pool.js';

/** What holds for one exception by itself. Throws `INVALID_ARGUMENT`. */
export function checkUpmapItems(pg: PgId, items: readonly UpmapItem[]): void {
  const name = `the upmap of PG ${printPgId(pg)}`;
  valid(items.length <= poolSizeMax, () => `${name} has ${items.length} items; a PG has at most ${poolSizeMax} copies`);
  for (const { from, to } of items) {
    const areIds = isIntegerWithin(from, 0, osdIdMax) && isIntegerWithin(to, 0, osdIdMax);
    valid(areIds && from !== to, () => `${name} moves osd.${from} to osd.${to}; name two different OSDs`);
  }
  const isOnce = (ids: readonly OsdId[]): boolean => new Set(ids).size === ids.length;
  valid(isOnce(items.map((item) => item.from)), () => `${name} moves one OSD twice; keep one of the two`);
  valid(isOnce(items.map((item) => item.to)), () => `${name} moves to one OSD twice; choose another target`);
}

/** Throws `CONFLICT` when the pool, the PG or an OSD does not exist. */
export function checkUpmapTargets(
  pg: PgId,
  items: readonly UpmapItem[],
  map: {
    readonly osds: { has(id: OsdId): boolean };
    readonly pools: { get(id: PoolId): { readonly pgNum: number } | undefined };
  },
): void {
  const name = printPgId(pg);
  const pool = existing(map.pools.get(pg.pool), () => `the upmap of PG ${name} is for a pool that does not exist`);
  fits(
    isIntegerWithin(pg.pg, 0, pool.pgNum - 1),
    () => `there is no PG ${name}; pool ${pg.pool} has ${pool.pgNum} PGs`,
  );
  for (const id of items.flatMap(({ from, to }) => [from, to])) {
    fits(
      map.osds.has(id),
      () => `the upmap of PG ${name} names osd.${id}, which does not exist; clear the upmap first`,
    );
  }
}

export function* allUpmaps(upmaps: Upmaps): Generator<readonly [PgId, readonly UpmapItem[]], void> {
  for (const [pool, ofPool] of upmaps) for (const [pg, items] of ofPool) yield [{ pool, pg }, items];
}
