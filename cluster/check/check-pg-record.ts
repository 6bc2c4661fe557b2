/** Called for every record of a change, up to 65,536 in a row: nothing is allocated unless something is wrong. */
import { CairnError } from '../../base/errors.js';
import { osdIdMax, printPgId, type PgId } from '../ids.js';
import type { Member, PgRecord, ReplicationMode } from '../pg-record.js';
import { equalMembers } from '../pg/members.js';
import { isSameMode } from '../pg/next-record.js';
import { ackCopiesMax, memberCountMax } from '../record-chunk.js';
import { isCounter, isIntegerWithin, u32Max } from './facts.js';

/** What holds for a record by itself. Throws `INVALID_ARGUMENT`. */
export function checkPgRecord(pg: PgId, record: PgRecord): void {
  const { term, acting, eligible, mode } = record;
  if (!isCounter(term)) throw wrong(pg, `its term ${term} is no whole number from 0 to 2^53-1`);
  if (acting.length + eligible.length > memberCountMax) throw wrong(pg, `it has more than ${memberCountMax} members`);
  if (term === 0 && acting.length + eligible.length > 0) throw wrong(pg, 'it has members in term 0');
  if (term > 0 && acting.length === 0) throw wrong(pg, 'nobody acts in it');
  if (!isMode(mode)) throw wrong(pg, 'its mode is neither sync nor async with 1 copy or more');
  for (let i = 0; i < acting.length; i += 1) checkMember(pg, acting, i);
  for (let i = 0; i < eligible.length; i += 1) {
    checkMember(pg, eligible, i);
    if (i > 0 && !isAscending(eligible[i - 1]!, eligible[i]!)) throw wrong(pg, 'its eligible members are not in order');
    if (includesMember(acting, eligible[i]!, acting.length)) throw wrong(pg, 'one member is acting and eligible');
  }
}

/** Transitive: `before` may be any earlier record of the PG. Throws `CONFLICT`. */
export function checkPgRecordSuccession(pg: PgId, before: PgRecord, after: PgRecord): void {
  if (after.term > before.term) return;
  const name = printPgId(pg);
  if (after.term < before.term) {
    throw new CairnError('CONFLICT', `PG ${name} is in term ${before.term} already, past ${after.term}; read it again`);
  }
  // The only change within a term is its confirmation: nobody is eligible any more.
  const isConfirmation = after.eligible.length === 0 || equalMembers(before.eligible, after.eligible);
  if (isConfirmation && equalMembers(before.acting, after.acting) && isSameMode(before.mode, after.mode)) return;
  throw new CairnError('CONFLICT', `PG ${name} would change its members within term ${after.term}; raise the term`);
}

function checkMember(pg: PgId, members: readonly Member[], index: number): void {
  // In bounds: callers count up to the length.
  const member = members[index]!;
  const isValid = isIntegerWithin(member.osd, 0, osdIdMax) && isIntegerWithin(member.store, 1, u32Max);
  if (!isValid) throw wrong(pg, `its member osd.${member.osd}, store ${member.store}, has a number out of range`);
  if (includesMember(members, member, index)) throw wrong(pg, `osd.${member.osd} is its member twice`);
}

/** Among the first `count`. */
function includesMember(members: readonly Member[], { osd, store }: Member, count: number): boolean {
  for (let i = 0; i < count; i += 1) if (members[i]?.osd === osd && members[i]?.store === store) return true;
  return false;
}

function isAscending(a: Member, b: Member): boolean {
  return a.osd < b.osd || (a.osd === b.osd && a.store < b.store);
}

function isMode(mode: ReplicationMode): boolean {
  return mode.kind === 'sync' || (mode.kind === 'async' && isIntegerWithin(mode.ackCopies, 1, ackCopiesMax));
}

function wrong(pg: PgId, why: string): CairnError {
  return new CairnError('INVALID_ARGUMENT', `the record of PG ${printPgId(pg)} cannot be right: ${why}`);
}
