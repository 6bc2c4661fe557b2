/** Whose store a directory is: which cluster, which life of which monitor's disk. */
import { hexText, viewBuffer } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import type { ByteReader } from '../raft/codec/byte-reader.js';
import type { ByteWriter } from '../raft/codec/byte-writer.js';
import { readMember } from '../raft/codec/membership-codec.js';
import type { MemberId } from '../raft/types.js';

export interface StoreIdentity {
  /** The cluster's UUID, in lower case. */
  readonly fsid: string;
  readonly member: MemberId;
}

const fsidBytes = 16;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function writeIdentity(writer: ByteWriter, identity: StoreIdentity): void {
  invariant(uuid.test(identity.fsid), 'an fsid is a UUID in lower case', { fsid: identity.fsid });
  writer.raw(viewBuffer(Buffer.from(identity.fsid.replaceAll('-', ''), 'hex'))).uint32(identity.member);
}

export function readIdentity(reader: ByteReader): StoreIdentity {
  const hex = hexText(reader.raw(fsidBytes));
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return { fsid: parts.join('-'), member: readMember(reader) };
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
