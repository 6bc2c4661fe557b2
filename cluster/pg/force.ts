/** Force: an operator accepts the loss of a PG whose members are all gone, and names the store that goes on. */
import { type PgTerm, pgTerm } from '../ids.js';
import type { Member, PgRecord } from '../pg-record.js';
import type { PgContext } from './context.js';
import { printMember } from './members.js';
import { conflict, membersOf, type OnTerm, recordMode, requireActing, requireTerm } from './next-record.js';

/**
 * By how much the term rises. One would be enough as long as the map is the one that all terms came from; a map that was
 * rebuilt from what OSDs had saved may have missed some. No PG has a million changes between two backups.
 */
export const forceTermStep = 2 ** 20;

export interface Force extends OnTerm {
  /** Holds whatever it holds: perhaps an old state, perhaps nothing. */
  readonly store: Member;
}

/**
 * `store` alone, confirmed. Throws `CONFLICT` on another term and unless every member of the record is gone: one that may
 * come back has all that was acknowledged, so it is `osd lost` that gives it up, by name. Term 0 is refused as well: a
 * PG without members has nothing to lose, and is created when OSDs for it are up.
 */
export function forceRecord(record: PgRecord, request: Force, context: PgContext): PgRecord {
  requireTerm(record, request, context);
  if (record.term === 0) throw conflict(record, context, 'was never created; it needs OSDs that are up, not force');
  const left = membersOf(record).find((member) => !context.isGone(member));
  if (left !== undefined) {
    const how = `bring osd.${left.osd} back, or give it up with \`cairn osd lost ${left.osd}\``;
    throw conflict(record, context, `may still have all its data on ${printMember(left)}; ${how}`);
  }
  requireActing(record, [request.store], context);
  return {
    term: forcedTerm(record.term),
    acting: [request.store],
    eligible: [],
    mode: recordMode(context.pool.mode),
  };
}

function forcedTerm(term: PgTerm): PgTerm {
  return pgTerm(term + forceTermStep);
}
