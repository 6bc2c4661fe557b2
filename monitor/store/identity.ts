/** Whose store a directory is: which cluster, which life of which monitor's disk. */
import { hexText, viewBuffer } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import type { ByteReader } from '../raft/codec/byte-reader.js';
import type { ByteWriter } from '../raft/codec/byte-writer.js';
import { readMember } from '../raft/codec/membership-codec.js';
import type { MemberId } from '../raft/types.js';

export interface StoreIdentity {
  /** The cluster's, 32 hex digits. */
  readonly fsid: string;
  readonly member: MemberId;
}

const fsidBytes = 16;
const hex32 = /^[0-9a-f]{32}$/;

export function writeIdentity(writer: ByteWriter, identity: StoreIdentity): void {
  invariant(hex32.test(identity.fsid), 'an fsid has 32 hex digits', { fsid: identity.fsid });
  writer.raw(viewBuffer(Buffer.from(identity.fsid, 'hex'))).uint32(identity.member);
}

export function readIdentity(reader: ByteReader): StoreIdentity {
  return { fsid: hexText(reader.raw(fsidBytes)), member: readMember(reader) };
}

/** Refuses a directory that belongs to somebody else; what is left out of `expected` is not compared. */
export function checkIdentity(
  directory: string,
  found: StoreIdentity,
  expected: { readonly fsid?: string | undefined; readonly member?: MemberId | undefined },
): void {
  if (expected.fsid !== undefined && expected.fsid !== found.fsid) {
    const sentence = `${directory} belongs to cluster ${found.fsid}, not to ${expected.fsid}; give this monitor its own directory`;
    throw new CairnError('CONFLICT', sentence);
  }
  if (expected.member !== undefined && expected.member !== found.member) {
    const sentence = `${directory} belongs to member ${found.member}, not to ${expected.member}; give this monitor its own directory`;
    throw new CairnError('CONFLICT', sentence);
  }
}
