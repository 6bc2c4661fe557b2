/** Term 0 -> 1: the first members of a PG. */
import type { OsdInfo } from '../osd.js';
import type { Member, PgRecord } from '../pg-record.js';
import { pgTerm } from '../ids.js';
import type { Pool } from '../pool.js';
import { isUsable, memberOf, type PgContext } from './context.js';
import { conflict, nextRecord, requireActing, requireTerm } from './next-record.js';

/** The record of a PG that nobody holds, and to which nothing was written. */
export const unbornRecord: PgRecord = { term: pgTerm(0), acting: [], eligible: [], mode: { kind: 'sync' } };

/**
 * Who would hold a new PG: the usable OSDs of its up set, in order; `undefined` while they are fewer than `minSize`. With
 * fewer the PG could serve nothing either, and the first OSD of a new cluster would become the only member of every PG:
 * each would have to be copied to the OSDs that register a moment later, and be lost with that one disk.
 */
export function firstMembers(
  up: readonly (OsdInfo | undefined)[],
  pool: Pick<Pool, 'minSize' | 'requiredFeatures'>,
): Member[] | undefined {
  const members: Member[] = [];
  for (const osd of up) {
    const member = isUsable(osd, pool) ? memberOf(osd) : undefined;
    if (member !== undefined) members.push(member);
  }
  return members.length > 0 && members.length >= pool.minSize ? members : undefined;
}

/**
 * Gives a PG its first members, in term 1 and confirmed: there is nothing that anybody could lack. Throws `CONFLICT` for
 * a PG that has a term already, and unless at least `minSize` members are named that are up.
 */
export function createRecord(record: PgRecord, members: readonly Member[], context: PgContext): PgRecord {
  requireTerm(record, { term: pgTerm(0) }, context);
  requireActing(record, members, context);
  const up = members.filter((member) => context.isUp(member)).length;
  if (up < members.length || up < context.pool.minSize) {
    const { minSize } = context.pool;
    throw conflict(record, context, `needs ${minSize} members that are up, and no other, to begin with; has ${up}`);
  }
  return nextRecord(record, { acting: members, eligible: [] }, context);
}
