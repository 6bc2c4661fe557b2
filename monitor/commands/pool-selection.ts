/** From what a command names to the pool or PG of the map. */
import { CairnError } from '../../base/errors.js';
import { type PgId, printPgId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { PgRecord } from '../../cluster/pg-record.js';
import type { Pool } from '../../cluster/pool.js';

/** By name. Throws `NOT_FOUND`. */
export function poolNamed(map: ClusterMap, name: string): Pool {
  for (const pool of map.pools.values()) if (pool.name === name) return pool;
  const names = [...map.pools.values()].map((pool) => pool.name);
  const known =
    names.length === 0 ? 'there is none; `cairn pool create` makes one' : `choose one of ${shortList(names)}`;
  throw new CairnError('NOT_FOUND', `no pool is called ${name.slice(0, 64)}; ${known}`);
}

/** Throws `NOT_FOUND` unless the map has the PG. */
export function checkPg(map: ClusterMap, pg: PgId): { readonly pool: Pool; readonly record: PgRecord } {
  const pool = map.pools.get(pg.pool);
  if (pool === undefined)
    throw new CairnError('NOT_FOUND', `there is no pool ${pg.pool}; \`cairn pool ls\` lists them`);
  const record = map.records.get(pg);
  if (record !== undefined) return { pool, record };
  const last = printPgId({ pool: pg.pool, pg: pool.pgNum - 1 });
  throw new CairnError('NOT_FOUND', `pool ${pool.name} has no pg ${printPgId(pg)}; its last one is ${last}`);
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
