/** Leave and hand over: the serving primary gives up members, or its role. */
import type { Member, PgRecord } from '../pg-record.js';
import type { PgContext } from './context.js';
import { hasMember, printMember } from './members.js';
import { conflict, type FromPrimary, invalid, nextRecord, requireActing, requirePrimary } from './next-record.js';

export interface Leave extends FromPrimary {
  /** Who stays, in any order; the first will be the primary. */
  readonly acting: readonly Member[];
  /**
   * Async: everyone who stays has every acknowledged write, and to the end of the term nothing is acknowledged that one
   * of them lacks (PG-PROTOCOL.md section 5). Only the primary can know. Sync terms are always so.
   */
  readonly isDrained: boolean;
}

/**
 * Who leaves is not eligible any more: it was in sync to the end, but the term is confirmed and serves on. With nobody who
 * leaves it is how a PG takes over a stricter mode of its pool. Throws `CONFLICT` on another term, for an unconfirmed one,
 * below `minSize`, when somebody who stays is down or gone, and for an async term that was not drained; `INVALID_ARGUMENT`
 * for members that do not act.
 */
export function leaveActing(record: PgRecord, request: Leave, context: PgContext): PgRecord {
  requirePrimary(record, request, context);
  if (record.eligible.length > 0)
    throw conflict(record, context, 'is not confirmed yet; only a serving term hands over');
  if (record.mode.kind === 'async' && !request.isDrained) {
    throw conflict(record, context, 'acknowledges what not all have; drain it before anybody leaves');
  }
  requireActing(record, request.acting, context);
  for (const member of request.acting) {
    const name = printMember(member);
    if (!hasMember(record.acting, member)) throw invalid(record, context, `${name} does not act; it has to join first`);
    if (!context.isUp(member)) throw conflict(record, context, `cannot rely on ${name}, which is down`);
  }
  const { minSize } = context.pool;
  if (request.acting.length < minSize) {
    throw conflict(record, context, `would keep ${request.acting.length} members, below min_size ${minSize}`);
  }
  return nextRecord(record, { acting: request.acting, eligible: [] }, context, request);
}
