/** New terms for the PGs of a pool whose mode changed, since a mode belongs to a term (PG-PROTOCOL.md section 1). */
import type { Steps } from '../../base/steps.js';
import type { ClusterMap } from '../../cluster/map.js';
import { pgContext } from '../../cluster/pg/context.js';
import { PlanBuilder, type RecordsChange, planStepRecordCount } from '../../cluster/pg/plan.js';
import { switchMode } from '../../cluster/pg/reconcile.js';
import type { Pool } from '../../cluster/pool.js';

/** `map` has the pool as it shall be. */
export function* planModeSwitchSteps(map: Pick<ClusterMap, 'osds' | 'records'>, pool: Pool): Steps<RecordsChange[]> {
  const plan = new PlanBuilder();
  for (let pg = 0; pg < pool.pgNum; pg += 1) {
    const record = map.records.get({ pool: pool.id, pg });
    const next = record === undefined ? undefined : switchMode(record, pgContext(map, pool, pg));
    if (next !== undefined) plan.add(pool.id, pg, next);
    if (pg % planStepRecordCount === planStepRecordCount - 1) yield;
  }
  return plan.finish();
}
