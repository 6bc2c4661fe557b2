/** `pg map`, `pg ls` and `pg stat`: what primaries reported, and the records say. */
import { CairnError } from '../../base/errors.js';
import { type OsdId, type PgId } from '../../cluster/ids.js';
import type { Pool } from '../../cluster/pool.js';
import { type PgInfo, type PgPage, pgPageSize } from '../../protocol/commands/pg.js';
import { hasWord, type PgStateWord, pgStateWords } from '../health/pg-states.js';
import { type Left, recoveringPools } from '../status/recovery-json.js';
import { recoveriesOf } from './health-input.js';
import { PgCounts, pgInfo } from './pg-conditions.js';
import { pgPicture, type PictureView } from './pg-picture.js';
import { osdOf } from './osd-selection.js';
import { checkPg, poolNamed } from './pool-selection.js';
import type { CommandContext } from './types.js';
import { upSets } from './up-sets.js';

/** PGs mapped between two turns of the event loop: about 3 µs each, more where many OSDs are out. */
const pgsPerSlice = 512;

export function answerPgMap({ pg }: { readonly pg: PgId }, context: CommandContext): PgInfo {
  const view = viewOf(context);
  const { pool, record } = checkPg(view.map, pg);
  return pgInfo(view, pool, pg, record, upSets(view.map));
}

interface LsArgs {
  readonly from?: PgId | undefined;
  readonly pool?: string | undefined;
  readonly osd?: OsdId | undefined;
  readonly state?: string | undefined;
}

export async function answerPgLs({ from, pool, osd, state }: LsArgs, context: CommandContext): Promise<PgPage> {
  const view = viewOf(context);
  const { map } = view;
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
    const info = pgInfo(view, owner, pg, record, up);
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
  const counts = new PgCounts();
  const lefts: [Pool, Left][] = [];
  for (const pool of map.pools.values()) {
    const own = new PgCounts();
    await addPgs(own, pool, context);
    counts.addAll(own);
    lefts.push([pool, own.left]);
  }
  const recovering = recoveringPools(lefts, recoveriesOf(context));
  return { pgs: map.records.count, states: counts.states, recovering };
}

/** All PGs of the pool. */
export async function addPgs(counts: PgCounts, pool: Pool, context: CommandContext): Promise<void> {
  const view = viewOf(context);
  const up = upSets(view.map);
  for (let number = 0; number < pool.pgNum; number += 1) {
    const pg = { pool: pool.id, pg: number };
    const record = view.map.records.get(pg);
    if (record !== undefined) counts.add(pgPicture(view, { pool, pg, record, up: up(pool.id, number) }));
    if (number % pgsPerSlice === pgsPerSlice - 1) await context.yieldTurn();
  }
}

function viewOf({ state, soft, wall }: CommandContext): PictureView {
  return { map: state.map, soft, wall };
}

function* pgsFrom(pools: readonly Pool[], from: PgId | undefined): Generator<PgId> {
  for (const { id, pgNum } of pools) {
    if (from !== undefined && id < from.pool) continue;
    for (let pg = from?.pool === id ? from.pg : 0; pg < pgNum; pg += 1) yield { pool: id, pg };
  }
}
