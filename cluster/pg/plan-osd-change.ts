/** All changes of records that follow from OSDs that went down, booted, or lost their store. */
import { runSteps, type Steps } from '../../base/steps.js';
import { invariant } from '../../base/invariant.js';
import type { OsdId } from '../ids.js';
import type { ClusterMap } from '../map.js';
import { pgContext } from './context.js';
import { PlanBuilder, planStepRecordCount, planStepScanCount, type RecordsChange } from './plan.js';
import { reconcile, reconcileAfterBoot } from './reconcile.js';

export interface OsdEvent {
  /** Went down, came up, became gone or was removed. */
  readonly changed: readonly OsdId[];
  /** Started anew, whether the map had seen them down or not. */
  readonly booted?: readonly OsdId[];
}

/** A map as far as records depend on it: OSDs are already as they shall be, records still as they were. */
export type RecordsMap = Pick<ClusterMap, 'osds' | 'pools' | 'records'>;

/**
 * In steps (`plan.ts`). Several OSDs are planned at once, since PGs that they share must not be given
 * to one of them in one change and taken away in the next. New PGs are planned by `planCreation`.
 */
export function* planOsdChangeSteps(map: RecordsMap, event: OsdEvent): Steps<RecordsChange[]> {
  const booted = new Set(event.booted);
  const marks = markOsds([...event.changed, ...booted]);
  const plan = new PlanBuilder();
  const cursor = map.records.cursor();
  for (;;) {
    // Bounded by finds as well as by PGs looked at: after the loss of a rack every other PG changes.
    for (let finds = 0; finds < planStepRecordCount; finds += 1) {
      const found = cursor.nextMarked(marks, planStepScanCount);
      if (found === 'end') return plan.finish();
      if (found === 'paused') break;
      const pool = map.pools.get(cursor.pool);
      invariant(pool !== undefined, 'records are of pools that exist', { pool: cursor.pool });
      const context = pgContext(map, pool, cursor.pg);
      const record = cursor.record();
      const next =
        booted.size === 0 ? reconcile(record, context) : reconcileAfterBoot(record, (osd) => booted.has(osd), context);
      if (next !== undefined) plan.add(cursor.pool, cursor.pg, next);
    }
    yield;
  }
}

export function planOsdChange(map: RecordsMap, event: OsdEvent): RecordsChange[] {
  return runSteps(planOsdChangeSteps(map, event));
}

/** `marks[osd]` is 1 for the given ones; as long as the highest id asks for. */
export function markOsds(osds: readonly OsdId[]): Uint8Array {
  const marks = new Uint8Array(osds.reduce((longest, osd) => Math.max(longest, osd + 1), 0));
  for (const osd of osds) marks[osd] = 1;
  return marks;
}
