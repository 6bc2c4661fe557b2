/** Members, positions and snapshot descriptions: the parts that stored entries and messages share. */
import { invariant } from '../../../base/invariant.js';
import { membersMax } from '../options.js';
import {
  logIndex,
  memberId,
  term,
  type EntryPosition,
  type MemberId,
  type Membership,
  type SnapshotMeta,
} from '../types.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

/** Chunks of a snapshot; with chunks of 256 KiB, 256 GiB. */
export const snapshotChunksMax = 1 << 20;

export function writePosition(writer: ByteWriter, position: EntryPosition): void {
  writer.uint53(position.index).uint53(position.term);
}

export function readPosition(reader: ByteReader): EntryPosition {
  return { index: logIndex(reader.uint53()), term: term(reader.uint53()) };
}

export function writeMembership(writer: ByteWriter, membership: Membership): void {
  for (const members of [membership.voters, membership.learners]) {
    invariant(members.length <= membersMax, 'members fit their bound', { count: members.length });
    writer.uint8(members.length);
    for (const member of members) writer.uint32(member);
  }
}

/** Sorted, without duplicates, disjoint, or an error. */
export function readMembership(reader: ByteReader): Membership {
  const voters = readMembers(reader);
  const learners = readMembers(reader);
  reader.check(!learners.some((member) => voters.includes(member)), 'a member is voter and learner at once');
  return { voters, learners };
}

function readMembers(reader: ByteReader): MemberId[] {
  const count = reader.uint8();
  reader.check(count <= membersMax, `it has ${count} members, more than ${membersMax}`);
  const members: MemberId[] = [];
  for (let i = 0; i < count; i++) {
    const member = readMember(reader);
    const last = members.at(-1);
    reader.check(last === undefined || last < member, 'members are not in order');
    members.push(member);
  }
  return members;
}

export function readMember(reader: ByteReader): MemberId {
  const value = reader.uint32();
  reader.check(value >= 1, 'a member id is 0');
  return memberId(value);
}

export function writeSnapshotMeta(writer: ByteWriter, meta: SnapshotMeta): void {
  writePosition(writer, meta);
  writeMembership(writer, meta.membership);
  writer
    .uint53(meta.bytes)
    .uint32(meta.chunks)
    .uint64(BigInt(`0x${meta.checksum}`));
}

export function readSnapshotMeta(reader: ByteReader): SnapshotMeta {
  const position = readPosition(reader);
  const membership = readMembership(reader);
  const bytes = reader.uint53();
  const chunks = reader.uint32();
  reader.check(chunks <= snapshotChunksMax, `a snapshot has ${chunks} chunks`);
  return { ...position, membership, bytes, chunks, checksum: checksumText(reader.uint64()) };
}

/** As `SnapshotMeta` has it: 16 hex digits. */
export function checksumText(checksum: bigint): string {
  return checksum.toString(16).padStart(16, '0');
}
