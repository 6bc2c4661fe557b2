/**
 * A PG's record within a block of many, 17 bytes for three members in a small cluster:
 *
 *     term | mode: 0 sync, n async with n copies | acting: count, then OSD and store of each | eligible: likewise
 *
 * All varints. The version is the block's.
 */
import type { ByteReader } from '../../base/byte-reader.js';
import type { ByteWriter } from '../../base/byte-writer.js';
import { u32Max } from '../check/facts.js';
import { osdIdMax, type OsdId, type PgTerm, type StoreNumber } from '../ids.js';
import type { Member, PgRecord, ReplicationMode } from '../pg-record.js';
import { ackCopiesMax, memberCountMax } from '../record-chunk.js';

export const pgRecordBytesMin = 4;

const syncMode: ReplicationMode = { kind: 'sync' };
const noMembers: readonly Member[] = [];

export function writePgRecord(out: ByteWriter, { term, mode, acting, eligible }: PgRecord): void {
  out.varint(term);
  out.varint(mode.kind === 'sync' ? 0 : mode.ackCopies);
  writeMembers(out, acting);
  writeMembers(out, eligible);
}

export function readPgRecord(input: ByteReader): PgRecord {
  const term = input.varint('a term') as PgTerm;
  const ackCopies = input.varint('a mode', ackCopiesMax);
  const acting = readMembers(input);
  const eligible = readMembers(input);
  return { term, acting, eligible, mode: ackCopies === 0 ? syncMode : { kind: 'async', ackCopies } };
}

function writeMembers(out: ByteWriter, members: readonly Member[]): void {
  out.varint(members.length);
  for (const { osd, store } of members) {
    out.varint(osd);
    out.varint(store);
  }
}

function readMembers(input: ByteReader): readonly Member[] {
  const count = input.count('members', 2, memberCountMax);
  if (count === 0) return noMembers;
  const members: Member[] = [];
  for (let i = 0; i < count; i += 1) {
    // The reader has just checked their ranges; a constructor's details cost more than the rest together.
    const osd = input.varint('an OSD id', osdIdMax) as OsdId;
    const store = input.varint('a store number', u32Max, 1) as StoreNumber;
    members.push({ osd, store });
  }
  return members;
}
