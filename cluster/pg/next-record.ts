/** What all changes of records have in common: compare-and-set on the term, and the form of the next record. */
import { CairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import { type PgTerm, pgTerm, printPgId } from '../ids.js';
import type { Member, PgRecord, ReplicationMode } from '../pg-record.js';
import type { PoolMode } from '../pool.js';
import { memberCountMax } from '../record-chunk.js';
import type { PgContext } from './context.js';
import { equalMembers, hasMember, isSameMember, printMember, sortedMembers, withoutMembers } from './members.js';

/** What a request for a change is made on: the record as its sender knows it. */
export interface OnTerm {
  readonly term: PgTerm;
}

/** A request of the primary of `term`. */
export interface FromPrimary extends OnTerm {
  readonly from: Member;
}

/**
 * Throws `CONFLICT` unless the request was made on the present term. `details.record` is the newer record: who asked learns
 * from it what became of a request whose answer was lost.
 */
export function requireTerm(record: PgRecord, request: OnTerm, context: PgContext): void {
  if (record.term === request.term) return;
  throw conflict(record, context, `is in term ${record.term}, not ${request.term}; go on from the newer record`);
}

/** As `requireTerm`. A term has one primary; whoever else asks in its name is refused with `INVALID_ARGUMENT`. */
export function requirePrimary(record: PgRecord, request: FromPrimary, context: PgContext): void {
  requireTerm(record, request, context);
  const [primary] = record.acting;
  if (primary !== undefined && isSameMember(primary, request.from)) return;
  const is = primary === undefined ? 'it has no primary' : `${printMember(primary)} is`;
  const who = printMember(request.from);
  throw invalid(record, context, `${who} is not its primary in term ${record.term}, ${is}; do not ask for others`);
}

/** The state does not allow the change: it may do so later, or under a newer record. */
export function conflict(record: PgRecord, context: PgContext, problem: string): CairnError {
  return new CairnError('CONFLICT', `pg ${printPgId(context.id)} ${problem}`, { details: { record } });
}

/** The change can never be right. */
export function invalid(record: PgRecord, context: PgContext, problem: string): CairnError {
  return new CairnError('INVALID_ARGUMENT', `pg ${printPgId(context.id)}: ${problem}`, { details: { record } });
}

/** Throws unless `acting` is a list that a record may have: not empty, nobody twice, nobody gone. */
export function requireActing(record: PgRecord, acting: readonly Member[], context: PgContext): void {
  if (acting.length === 0) throw invalid(record, context, 'a PG never loses its last member; name one or more');
  if (acting.length > memberCountMax) {
    throw invalid(record, context, `${acting.length} members are more than ${memberCountMax}`);
  }
  for (const [index, member] of acting.entries()) {
    if (acting.findIndex((other) => isSameMember(other, member)) !== index) {
      throw invalid(record, context, `${printMember(member)} is named twice`);
    }
    if (context.isGone(member)) throw conflict(record, context, `cannot keep ${printMember(member)}, which is gone`);
  }
}

/**
 * The record of the next term. Gone members leave `eligible` with every change: they can never come back, and a PG must
 * not wait for a confirmation on their account. The mode is taken over from the pool here and nowhere else: at once where it
 * promises no more than the term before did, and otherwise (`isStricter`) only from a term that was drained. So a record that
 * says sync is one whose members have all that was ever acknowledged.
 */
export function nextRecord(
  record: PgRecord,
  members: { readonly acting: readonly Member[]; readonly eligible: readonly Member[] },
  context: PgContext,
  { isDrained = false }: { readonly isDrained?: boolean } = {},
): PgRecord {
  const eligible = sortedMembers(members.eligible.filter((member) => !context.isGone(member)));
  invariant(members.acting.length > 0, 'a record that was made keeps a member');
  invariant(
    members.acting.every((member) => !context.isGone(member) && !hasMember(eligible, member)),
    'nobody acts who is gone, or eligible as well',
  );
  return {
    term: pgTerm(record.term + 1),
    acting: [...members.acting],
    eligible,
    mode: nextMode(record, recordMode(context.pool.mode), isDrained),
  };
}

/** In term 0 nothing was acknowledged yet. */
function nextMode({ term, mode }: PgRecord, wanted: ReplicationMode, isDrained: boolean): ReplicationMode {
  return term === 0 || isDrained || !isStricter(wanted, mode) ? wanted : mode;
}

/** Whether `mode` acknowledges only what more members have than `other` asks for. */
export function isStricter(mode: ReplicationMode, other: ReplicationMode): boolean {
  if (other.kind === 'sync') return false;
  return mode.kind === 'sync' || mode.ackCopies > other.ackCopies;
}

/** Everyone who has each acknowledged write, acting first. */
export function membersOf(record: PgRecord): Member[] {
  return [...record.acting, ...record.eligible];
}

export function recordMode(mode: PoolMode): ReplicationMode {
  return mode.kind === 'sync' ? { kind: 'sync' } : { kind: 'async', ackCopies: mode.ackCopies };
}

/** Whether two records differ in nothing but, perhaps, the term. */
export function isSameState(a: PgRecord, b: PgRecord): boolean {
  return equalMembers(a.acting, b.acting) && equalMembers(a.eligible, b.eligible) && isSameMode(a.mode, b.mode);
}

export function isSameMode(a: ReplicationMode, b: ReplicationMode): boolean {
  if (a.kind === 'async' && b.kind === 'async') return a.ackCopies === b.ackCopies;
  return a.kind === b.kind;
}

/** `(acting ∪ eligible) \ acting'`: who stays eligible when `acting` takes over. Gone ones are dropped by `nextRecord`. */
export function leftOver(record: PgRecord, acting: readonly Member[]): Member[] {
  return withoutMembers(membersOf(record), acting);
}
