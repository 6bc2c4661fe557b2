/** Bump: the same members in a new term, which kills the proposals of the old one that are still on the wire. */
import type { PgRecord } from '../pg-record.js';
import type { PgContext } from './context.js';
import { type FromPrimary, nextRecord, requireActing, requirePrimary } from './next-record.js';

/** Throws `CONFLICT` on another term. */
export function bumpTerm(record: PgRecord, request: FromPrimary, context: PgContext): PgRecord {
  requirePrimary(record, request, context);
  return raiseTerm(record, context);
}

/** The same by the monitors themselves: after a boot, or for a pool's new mode. */
export function raiseTerm(record: PgRecord, context: PgContext): PgRecord {
  requireActing(record, record.acting, context);
  return nextRecord(record, record, context);
}
