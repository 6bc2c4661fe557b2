/** Confirm: the primary has levelled all of `acting`, and will serve without the eligible ones. */
import type { PgRecord } from '../pg-record.js';
import type { PgContext } from './context.js';
import { printMember } from './members.js';
import { conflict, type FromPrimary, requirePrimary } from './next-record.js';

/**
 * The one change that keeps the term: what was proposed in it stays valid. A record that is confirmed already comes back
 * as it is (the same object), so that a repeated request is harmless. Throws `CONFLICT` on another term, and when fewer
 * than `minSize` act: `minSize` may be stale at an OSD, so it is judged here.
 *
 * Everybody who acts must be up. When all went down the record stayed as it was (`reconcile.ts`), so a late request still
 * meets its term; granted, it would forget the eligible members for the sake of some that may never come back. With the
 * disk of the primary lost as well, the PG would be lost while an eligible member had all of it.
 */
export function confirmTerm(record: PgRecord, request: FromPrimary, context: PgContext): PgRecord {
  requirePrimary(record, request, context);
  if (record.eligible.length === 0) return record;
  const missing = record.acting.find((member) => !context.isUp(member));
  if (missing !== undefined) {
    throw conflict(
      record,
      context,
      `cannot be confirmed while ${printMember(missing)} is down; wait for a newer record`,
    );
  }
  const { minSize } = context.pool;
  if (record.acting.length < minSize) {
    const has = `${record.acting.length} of min_size ${minSize} members`;
    throw conflict(record, context, `has ${has}; let others join before it is confirmed`);
  }
  return { ...record, eligible: [] };
}
