/** `pg map`, `pg ls` and `pg stat`: what the records say. */
import { CairnError } from '../../base/errors.js';
import { type OsdId, type PgId } from '../../cluster/ids.js';
import { pgCondition } from '../../cluster/pg/condition.js';
import { pgContext } from '../../cluster/pg/context.js';
import type { Pool } from '../../cluster/pool.js';
import { type PgInfo, type PgPage, pgPageSize } from '../../protocol/commands/pg.js';
import { hasWord, type PgStateWord, pgStateWords } from '../health/pg-states.js';
import { ConditionCounts, pgInfo } from './pg-conditions.js';
import { osdOf } from './osd-selection.js';
import { checkPg, poolNamed } from './pool-selection.js';
import type { CommandContext } from './types.js';
import { upSets } from './up-sets.js';

/** PGs mapped between two turns of the event loop: about 3 µs each, more where many OSDs are out. */
const pgsPerSlice = 512;

export function answerPgMap({ pg }: { readonly pg: PgId }, { state }: CommandContext): PgInfo {
  const { pool, record } = checkPg(state.map, pg);
  return pgInfo(state.map, pool, pg, record, upSets(state.map));
}

interface LsArgs {
  readonly from?: PgId | undefined;
  readonly pool?: string | undefined;
  readonly osd?: OsdId | undefined;
  readonly state?: string | undefined;
}

export async function answerPgLs({ from, pool, osd, state }: LsArgs, context: CommandContext): Promise<PgPage> {
  const { map } = context.state;
  const words = state === undefined ? [] : stateWords(state);
  const pools = pool === undefined ? [...map.pools.values()] : [poolNamed(map, pool)];
  const up = upSets(map);
  const pgs: PgInfo[] = [];
  let looked = 0;
  for (const pg of pgsFrom(pools, from)) {
    if (pgs.length === pgPageSize) return { pgs, next: pg };
    looked += 1;
    if (looked % pgsPerSlice === 0) await context.yieldTurn();
    const record = map.records.get(pg);
    const owner = map.pools.get(pg.pool);
    if (record === undefined || owner === undefined) continue;
    const info = pgInfo(map, owner, pg, record, up);
    const isWanted = osd === undefined || info.acting.includes(osd) || info.up.includes(osd);
    if (isWanted && words.every((word) => hasWord(info.state, word))) pgs.push(info);
  }
  // Records may still name an OSD that was removed; one that neither they nor the map know is a slip.
  if (osd !== undefined && from === undefined && pgs.length === 0) osdOf(map, osd);
  return { pgs, next: undefined };
}

/** `active+undersized` asks for PGs that are both, whatever else they are. Throws `INVALID_ARGUMENT`. */
function stateWords(text: string): PgStateWord[] {
  return text.split('+').map((word) => {
    if (Object.hasOwn(pgStateWords, word)) return word as PgStateWord; // one of the table's own keys
    const known = Object.keys(pgStateWords).join(', ');
    throw new CairnError('INVALID_ARGUMENT', `no PG is ever ${word.slice(0, 40)}; states are made of ${known}`);
  });
}

export async function answerPgStat(_args: unknown, context: CommandContext) {
  const { map } = context.state;
  const counts = new ConditionCounts();
  for (const pool of map.pools.values()) await addConditions(counts, pool, context);
  return { pgs: map.records.count, states: counts.states };
}

/** All PGs of the pool. */
export async function addConditions(counts: ConditionCounts, pool: Pool, context: CommandContext): Promise<void> {
  const { map } = context.state;
  const up = upSets(map);
  for (let pg = 0; pg < pool.pgNum; pg += 1) {
    const record = map.records.get({ pool: pool.id, pg });
    if (record !== undefined) counts.add(pgCondition(record, up(pool.id, pg), pool, pgContext(map, pool, pg)));
    if (pg % pgsPerSlice === pgsPerSlice - 1) await context.yieldTurn();
  }
}

function* pgsFrom(pools: readonly Pool[], from: PgId | undefined): Generator<PgId> {
  for (const { id, pgNum } of pools) {
    if (from !== undefined && id < from.pool) continue;
    for (let pg = from?.pool === id ? from.pg : 0; pg < pgNum; pg += 1) yield { pool: id, pg };
  }
}
