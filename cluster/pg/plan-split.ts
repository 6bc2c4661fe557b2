/** The records of a pool whose `pgNum` grows: a new term for each PG that is split, and its children's (`split.ts`). */
import type { Steps } from '../../base/steps.js';
import type { ClusterMap } from '../map.js';
import type { PgRecord } from '../pg-record.js';
import type { Pool } from '../pool.js';
import { pgContext } from './context.js';
import { PlanBuilder, planStepRecordCount, type RecordsChange } from './plan.js';
import { parentOf, splitRecord } from './split.js';

/**
 * `map` is as it was, `pool` as it shall be. Throws `CONFLICT` for a PG that cannot be split: a member that acts is gone for
 * good.
 */
export function* planSplitSteps(
  map: Pick<ClusterMap, 'osds' | 'pools' | 'records'>,
  pool: Pool,
): Steps<RecordsChange[]> {
  const fromPgNum = map.pools.get(pool.id)?.pgNum ?? pool.pgNum;
  /** By number of the parent: all its children begin with one record. */
  const next = new Map<number, PgRecord>();
  for (let child = fromPgNum; child < pool.pgNum; child += 1) {
    const parent = parentOf(child, fromPgNum);
    const record = map.records.get({ pool: pool.id, pg: parent });
    if (record !== undefined && record.term > 0 && !next.has(parent)) {
      next.set(parent, splitRecord(record, pgContext(map, pool, parent)));
    }
    if (child % planStepRecordCount === planStepRecordCount - 1) yield;
  }
  const plan = new PlanBuilder();
  for (let pg = 0; pg < pool.pgNum; pg += 1) {
    const record = next.get(pg < fromPgNum ? pg : parentOf(pg, fromPgNum));
    if (record !== undefined) plan.add(pool.id, pg, record);
    if (pg % planStepRecordCount === planStepRecordCount - 1) yield;
  }
  return plan.finish();
}
