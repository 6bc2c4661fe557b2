/** What clients of an async pool were told, against what is left: an order where no tail could be lost, and else no loss in silence. */
import assert from 'node:assert/strict';
import { printPgId } from '../../../../cluster/ids.js';
import { objectHash, pgOfHash } from '../../../../cluster/object-placement.js';
import type { Pool } from '../../../../cluster/pool.js';
import { checkHistory } from '../../linearizability/check-history.js';
import type { ObjectOperation } from '../../linearizability/history.js';
import { showVersion } from '../../linearizability/object-state.js';
import { showOperation } from '../../linearizability/show-violation.js';
import type { PgRemains } from './parked-stores.js';

export interface AsyncChecked {
  /** Versions that clients were told of and that the PG does not have any more: all of them are parked. */
  readonly lost: number;
  readonly searchSteps: number;
}

export interface AsyncFacts {
  readonly pool: Pool;
  /** PGs that may have lost a tail, by `printPgId`. */
  readonly lossy: ReadonlySet<string>;
  readonly remains: ReadonlyMap<string, PgRemains>;
  /** The most that was ever allowed. */
  readonly maxLagMs: number;
}

export function checkAsync(byObject: ReadonlyMap<string, ObjectOperation[]>, facts: AsyncFacts): AsyncChecked {
  const { pool, lossy, remains } = facts;
  const ordered = new Map<string, ObjectOperation[]>();
  const lostByTerm = new Map<string, ObjectOperation[]>();
  let lost = 0;
  for (const [object, operations] of byObject) {
    const hash = objectHash(pool.id, { namespace: '', locator: '', name: object });
    const pg = printPgId({ pool: pool.id, pg: pgOfHash(hash, pool.pgNum) });
    if (!lossy.has(pg)) ordered.set(object, operations);
    const left = remains.get(pg) ?? assert.fail(`pg ${pg} was looked at`);
    for (const operation of operations) {
      const version = toldOf(operation);
      if (version === undefined || isThere(version, left)) continue;
      const what = `${object} of pg ${pg}: ${showOperation(operation)} showed ${version}`;
      assert.ok(left.parked.has(version), `${what}, which is neither there nor parked`);
      assert.ok(lossy.has(pg), `${what}, which is not there, though no member was lost that had it`);
      lost += 1;
      const term = `${pg} term ${version.split('.')[0]}`;
      lostByTerm.set(term, [...(lostByTerm.get(term) ?? []), operation]);
    }
  }
  for (const [pg, { parkedAcknowledged, parked, log }] of remains) {
    for (const entry of parked) assert.ok(!log.has(entry), `${entry} of pg ${pg} is parked, and the PG has it`);
    if (lossy.has(pg)) continue;
    assert.equal(parkedAcknowledged, 0, `pg ${pg} cut what was committed, though no member was lost that had it`);
  }
  checkLag(lostByTerm, facts);
  return { lost, searchSteps: checkHistory(ordered).steps };
}

/** What a term lost was appended within `max_lag`: whoever lagged would have held up more. */
function checkLag(lostByTerm: ReadonlyMap<string, readonly ObjectOperation[]>, { maxLagMs }: AsyncFacts): void {
  for (const [term, operations] of lostByTerm) {
    const changes = operations.filter(({ call }) => call.changes.length > 0);
    // Appended at some time between: so at least this far apart.
    const first = Math.min(...changes.map(({ endedAt = Infinity }) => endedAt));
    const last = Math.max(...changes.map(({ beganAt }) => beganAt));
    const apart = `${(last - first).toFixed(0)} ms apart`;
    assert.ok(
      last - first <= maxLagMs * (1 + rateErrorMax),
      `${term}: writes were lost that are ${apart}, beyond max_lag`,
    );
  }
}

/** Between the clock of an OSD and the world's. */
const rateErrorMax = 0.01;

/** `term.seq` of the object as the client was shown it, in an answer that nothing may take back. */
function toldOf({ outcome }: ObjectOperation): string | undefined {
  if (outcome?.kind !== 'done' || outcome.version === undefined) return undefined;
  return showVersion(outcome.version);
}

function isThere(version: string, { log, trimmedTo }: PgRemains): boolean {
  return log.has(version) || Number(version.split('.')[1]) <= trimmedTo;
}
