/** What the records say of the PGs of each pool, for status and health: the same that `pg ls` shows one by one. */
import type { PoolId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { pgCondition } from '../../cluster/pg/condition.js';
import { pgContext } from '../../cluster/pg/context.js';
import type { Pool } from '../../cluster/pool.js';
import { UpTable } from '../../cluster/up-table.js';
import { recordState } from '../health/record-state.js';
import type { PgExample, PoolHealth } from '../health/types.js';
import { runSliced } from './run-sliced.js';
import type { CommandContext } from './types.js';

type Pools = ReadonlyMap<PoolId, PoolHealth>;

/** A microsecond or two each. */
const pgsPerSlice = 512;
/** Of each state of a pool, for `health detail`, whose lines are bounded as a whole. */
const examplesPerState = 8;

/**
 * Keeps what it found for the map that it saw last: status is asked for every few seconds, by people and by monitoring, and
 * 100,000 PGs take some tenths of a second of CPU. Only what a new map moved is placed again (`UpTable`).
 */
export class RecordHealth {
  #table: UpTable | undefined;
  #last: { readonly map: ClusterMap; readonly pools: Pools } | undefined;

  async of(context: CommandContext): Promise<Pools> {
    const { map } = context.state;
    if (this.#last !== undefined && isSame(this.#last.map, map)) return this.#last.pools;
    const table = await runSliced(context, UpTable.steps(this.#table, map));
    const pools = new Map<PoolId, PoolHealth>();
    for (const pool of map.pools.values()) pools.set(pool.id, await poolHealth(pool, map, table, context));
    this.#table = table;
    this.#last = { map, pools };
    return pools;
  }
}

/** In all that decides how PGs are. */
function isSame(a: ClusterMap, b: ClusterMap): boolean {
  return (
    a.osds === b.osds && a.records === b.records && a.pools === b.pools && a.crush === b.crush && a.upmaps === b.upmaps
  );
}

async function poolHealth(pool: Pool, map: ClusterMap, table: UpTable, context: CommandContext): Promise<PoolHealth> {
  const states = new Map<string, number>();
  const examples: PgExample[] = [];
  for (let number = 0; number < pool.pgNum; number += 1) {
    const pg = { pool: pool.id, pg: number };
    const record = map.records.get(pg);
    if (record === undefined) continue;
    const state = recordState(pgCondition(record, table.up(pg), pool, pgContext(map, pool, number)));
    const count = (states.get(state) ?? 0) + 1;
    states.set(state, count);
    if (count <= examplesPerState) examples.push({ pg, state, acting: record.acting.map(({ osd }) => osd) });
    if (number % pgsPerSlice === pgsPerSlice - 1) await context.yieldTurn();
  }
  return { ...noReports, states, examples };
}

/** What only OSDs know; they report nothing of it yet. */
const noReports = {
  objects: 0,
  storedBytes: 0,
  degradedObjects: 0,
  misplacedObjects: 0,
  unfoundObjects: 0,
  parkedObjects: 0,
  scrubErrors: 0,
  notScrubbed: 0,
  notDeepScrubbed: 0,
};
