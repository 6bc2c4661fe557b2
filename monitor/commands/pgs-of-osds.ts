/** The PGs that count one of some OSDs among their members, with how they are. */
import type { OsdId, PgId } from '../../cluster/ids.js';
import { markOsds } from '../../cluster/pg/plan-osd-change.js';
import { planStepScanCount } from '../../cluster/pg/plan.js';
import type { PgRecord } from '../../cluster/pg-record.js';
import type { Pool } from '../../cluster/pool.js';
import { pgPicture, type PgPicture } from './pg-picture.js';
import type { CommandContext } from './types.js';
import { upSets } from './up-sets.js';

export interface PgOfOsd {
  readonly pg: PgId;
  readonly pool: Pool;
  readonly record: PgRecord;
  readonly up: readonly OsdId[];
  readonly picture: PgPicture;
}

/** Finds that are made between two turns of the event loop: some ten microseconds each. */
const findsPerSlice = 256;

export async function* pgsOfOsds(context: CommandContext, osds: readonly OsdId[]): AsyncGenerator<PgOfOsd> {
  const { state, soft, wall } = context;
  const { map } = state;
  const marks = markOsds(osds);
  const upOf = upSets(map);
  const cursor = map.records.cursor();
  for (let finds = 1; ;) {
    const found = cursor.nextMarked(marks, planStepScanCount);
    if (found === 'end') return;
    if (found === 'paused' || finds % findsPerSlice === 0) await context.yieldTurn();
    if (found === 'paused') continue;
    finds += 1;
    const pg = { pool: cursor.pool, pg: cursor.pg };
    const pool = map.pools.get(pg.pool);
    if (pool === undefined) continue;
    const record = cursor.record();
    const up = upOf(pg.pool, pg.pg);
    yield { pg, pool, record, up, picture: pgPicture({ map, soft, wall }, { pool, pg, record, up }) };
  }
}
