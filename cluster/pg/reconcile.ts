/**
 * What the monitors do with a record by themselves after OSDs went down, came up or became gone.
 *
 * The rule: **S = every member of `acting ∪ eligible` that is up, those of `acting` first and in their order.** So the
 * primary stays whenever it can, the next one was level with it, and whoever comes back is a member again without a copy.
 *
 *     acting 1 2 3                  3 goes down     acting 1 2      eligible 3
 *     acting 1 2      eligible 3    3 comes up      acting 1 2 3                   (not confirmed in between)
 *     acting 1 2      eligible 3    3 becomes gone  acting 1 2                     (nobody is left to wait for)
 *     acting 1        eligible 2    1 goes down     acting 1        eligible 2     nothing changes: none is up
 *     acting 1        eligible 2    2 comes up      acting 2        eligible 1     1 may have nothing that 2 lacks
 *
 * **None is up: nothing changes**, not even for gone members. Somebody has to act; any choice among those who are down is
 * a guess about who comes back first, which the boot of the first of them answers. Until then a record may name gone
 * members. That is harmless: being gone is read from the map, an OSD refuses messages for another store number, and the
 * next change drops them. It also keeps apart the PG that waits (one of its members is not gone) from the one that is
 * *lost* (all are), which nothing but an operator's force continues.
 *
 * Why restoring is safe without a join: nothing was acknowledged since an eligible member was removed, as that needs a
 * confirmation, which empties `eligible` (I1). Why all that are up, and not `size` of them: each may hold the longest
 * log of an async PG, and in a sync one a member more costs less than a copy fewer; the primary lets the surplus leave.
 */
import type { OsdId } from '../ids.js';
import type { Member, PgRecord } from '../pg-record.js';
import { raiseTerm } from './bump.js';
import type { PgContext } from './context.js';
import { isSameState, leftOver, membersOf, nextRecord } from './next-record.js';

/** The new record, or `undefined` when nothing is to be changed. */
export function reconcile(record: PgRecord, context: PgContext): PgRecord | undefined {
  const acting = membersOf(record).filter((member) => context.isUp(member));
  if (acting.length === 0) return undefined;
  const next = nextRecord(record, { acting, eligible: leftOver(record, acting) }, context);
  // A new mode of the pool alone is no reason: it waits for the next term, or for `switchMode`.
  return isSameState(next, { ...record, mode: next.mode }) ? undefined : next;
}

/**
 * As `reconcile`, after new starts of OSDs: a record with one of them in `acting` gets a new term even if it has the same
 * members, since a process that restarts within its term forgot its leases, proposals and acknowledgements (pitfall c).
 * Who booted stays in `acting`, though the others wait a second for promises that its earlier run may have given: with
 * it as eligible they would serve sooner, with a copy fewer until it had joined.
 */
export function reconcileAfterBoot(
  record: PgRecord,
  isBooted: (osd: OsdId) => boolean,
  context: PgContext,
): PgRecord | undefined {
  const next = reconcile(record, context);
  if (next !== undefined) return next;
  // By OSD, and up: a member of an earlier store of that OSD is gone and restarts nothing.
  const restarted = (member: Member): boolean => isBooted(member.osd) && context.isUp(member);
  return record.acting.some(restarted) ? raiseTerm(record, context) : undefined;
}

/**
 * A term in the pool's present mode; `undefined` when the record has it, for a PG that waits for its members, and for a
 * stricter mode: its primary drains the term and asks for the next one (`leave.ts`).
 */
export function switchMode(record: PgRecord, context: PgContext): PgRecord | undefined {
  const reconciled = reconcile(record, context);
  if (reconciled !== undefined) return reconciled;
  if (!record.acting.some((member) => context.isUp(member))) return undefined;
  const next = raiseTerm(record, context);
  return isSameState(next, record) ? undefined : next;
}
