/** First members for PGs that have none: of a new pool, or of one that had too few usable OSDs. */
import { runSteps, type Steps } from '../../base/steps.js';
import { invariant } from '../../base/invariant.js';
import type { ClusterMap } from '../map.js';
import { pgContext, type UpOf } from './context.js';
import { createRecord, firstMembers } from './create.js';
import { PlanBuilder, type RecordsChange } from './plan.js';

/** PGs of term 0 per step: each may take a CRUSH mapping, 3 µs, or some 100 in a map where most devices are out. */
export const creationStepPgCount = 64;

/**
 * `upOf` gives a PG's up set under `map` (an `UpTable`, or a mapper). Cheap when every PG has members: chunks know how many
 * have none. To be run when OSDs came up or in, and when pools, rules or `minSize` changed.
 */
export function* planCreationSteps(
  map: Pick<ClusterMap, 'osds' | 'pools' | 'records'>,
  upOf: UpOf,
): Steps<RecordsChange[]> {
  const plan = new PlanBuilder();
  const cursor = map.records.cursor();
  for (;;) {
    for (let finds = 0; finds < creationStepPgCount; finds += 1) {
      const found = cursor.nextUnborn(creationStepPgCount);
      if (found === 'end') return plan.finish();
      if (found === 'paused') break;
      const pool = map.pools.get(cursor.pool);
      invariant(pool !== undefined, 'records are of pools that exist', { pool: cursor.pool });
      const up = upOf(cursor.pool, cursor.pg).map((osd) => map.osds.get(osd));
      const members = firstMembers(up, pool);
      if (members === undefined) continue;
      plan.add(cursor.pool, cursor.pg, createRecord(cursor.record(), members, pgContext(map, pool, cursor.pg)));
    }
    yield;
  }
}

export function planCreation(map: Pick<ClusterMap, 'osds' | 'pools' | 'records'>, upOf: UpOf): RecordsChange[] {
  return runSteps(planCreationSteps(map, upOf));
}
