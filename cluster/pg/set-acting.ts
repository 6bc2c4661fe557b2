/** Remove, restore, reorder: what the monitors do with members that a record knows already. */
import type { Member, PgRecord } from '../pg-record.js';
import type { PgContext } from './context.js';
import { hasMember, printMember } from './members.js';
import { invalid, leftOver, membersOf, nextRecord, type OnTerm, requireActing, requireTerm } from './next-record.js';

export interface SetActing extends OnTerm {
  /** The first will be the primary. */
  readonly acting: readonly Member[];
}

/**
 * Whoever leaves `acting` here stays eligible: it has all that was acknowledged, until a primary confirms that its term
 * will serve without it. Throws `CONFLICT` on another term or for a gone member, `INVALID_ARGUMENT` for an empty list and
 * for members that the record does not know (those join, `admit.ts`).
 */
export function setActing(record: PgRecord, request: SetActing, context: PgContext): PgRecord {
  requireTerm(record, request, context);
  requireActing(record, request.acting, context);
  const known = membersOf(record);
  const stranger = request.acting.find((member) => !hasMember(known, member));
  if (stranger !== undefined) {
    throw invalid(record, context, `${printMember(stranger)} is neither acting nor eligible; it has to join`);
  }
  return nextRecord(record, { acting: request.acting, eligible: leftOver(record, request.acting) }, context);
}
