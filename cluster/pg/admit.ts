/** Admit: a joiner has every acknowledged write and becomes a member; who leads from then on, and who leaves for it. */
import type { Member, PgRecord } from '../pg-record.js';
import { memberCountMax } from '../record-chunk.js';
import type { PgContext } from './context.js';
import { hasMember, isSameMember, printMember } from './members.js';
import { conflict, type FromPrimary, invalid, leftOver, membersOf, nextRecord, requirePrimary } from './next-record.js';

export interface Admit extends FromPrimary {
  readonly joiner: Member;
  /**
   * Who acts from then on, the joiner among them, the primary first. Who is left out leaves, where `leaveActing` would let it:
   * the sender serves, and had leases of all when it asked. Else it stays, behind the others. Default: the joiner comes last.
   */
  readonly acting?: readonly Member[] | undefined;
}

/**
 * `acting + joiner`, in the order asked for; who was eligible stays so, since a joiner that is level says nothing about them. Throws `CONFLICT` on
 * another term; for a joiner with a store that is no more, that is down, or that the record knows already: eligible members
 * come back by a change of the monitors, never by a join, which would cut their log (PG-PROTOCOL.md section 6, pitfall p).
 *
 * A joiner that is down could be admitted safely, only to be removed again at once. Refusing costs nothing: the primary
 * needs it until the term ends, whatever the answer, and ends the term by a bump.
 *
 * **The request may outlive who sent it.** When everybody went down, the record stayed as it was (`reconcile.ts`), and a late
 * proposal still meets its term. It is granted, as the joiner has every acknowledged write, perhaps as the only one whose
 * disk is left. Those who are down are removed in the same change, or nobody would lead.
 */
export function admitJoiner(record: PgRecord, request: Admit, context: PgContext): PgRecord {
  requirePrimary(record, request, context);
  const { joiner } = request;
  const name = printMember(joiner);
  if (hasMember(membersOf(record), joiner)) throw conflict(record, context, `has ${name} as a member already`);
  if (context.isGone(joiner))
    throw conflict(record, context, `cannot admit ${name}: that store is gone; bump the term`);
  if (!context.isUp(joiner)) throw conflict(record, context, `cannot admit ${name}, which is down; bump the term`);
  if (record.acting.length + record.eligible.length >= memberCountMax) {
    throw conflict(record, context, `has ${memberCountMax} members, the most that it can; let some leave first`);
  }
  const wanted = request.acting ?? [...record.acting, joiner];
  // Some may be gone by now: that is no reason to refuse one that has everything.
  const known = wanted.filter((member) => isSameMember(member, joiner) || hasMember(record.acting, member));
  const isOnce = wanted.every((member, at) => wanted.findIndex((other) => isSameMember(other, member)) === at);
  if (known.length < wanted.length || !isOnce || !hasMember(wanted, joiner)) {
    throw invalid(record, context, `${name} and others who act now are to act then, each once`);
  }
  const leaving = record.acting.filter((member) => !hasMember(wanted, member));
  if (leaving.length > 0 && mayLeave(record, wanted, context)) {
    return nextRecord(record, { acting: wanted, eligible: [] }, context);
  }
  const acting = [...wanted, ...leaving].filter((member) => context.isUp(member));
  return nextRecord(record, { acting, eligible: leftOver(record, acting) }, context);
}

/** The term serves without those who leave: it is confirmed, and who stays is enough, and up. */
function mayLeave(record: PgRecord, stay: readonly Member[], context: PgContext): boolean {
  const isConfirmed = record.eligible.length === 0 && record.mode.kind === 'sync';
  return isConfirmed && stay.length >= context.pool.minSize && stay.every((member) => context.isUp(member));
}
