/**
 * An upload of parts, under `u/`. Bodies: 0 the stored headers of the object to be, 1 its tags, 2 its grants; of a
 * completed one only 3: which of its parts went into the object (a bit for each number).
 */
import { ByteWriter } from '../../base/byte-writer.js';
import { copyBytes, latin1Bytes, latin1Text } from '../../base/bytes.js';
import {
  type ChecksumName,
  type ChecksumType,
  readChecksum,
  readChecksumName,
  type StoredChecksum,
  writeChecksum,
  writeChecksumName,
} from './checksum.js';
import { aclCodes, type AclName, readAcl, readRetention, writeRetention } from './entry.js';
import { nameBytesMax } from './limits.js';
import { readerOf, recordKinds } from './record-kind.js';
import type { Retention } from './retention.js';
import { requestIdBytes, type VersionName } from './version-id.js';

export const usedPartsSlot = 3;

/** What the object gets when the upload is completed. */
export interface UploadPlan {
  /** Account; empty: the bucket's owner. */
  readonly owner: string;
  readonly storageClass: string;
  /** `undefined`: the client named none. */
  readonly checksum: ChecksumName | undefined;
  readonly checksumType: ChecksumType;
  readonly acl: AclName;
  readonly retention: Retention | undefined;
  readonly legalHold: boolean;
  readonly tagCount: number;
  readonly tagHash: number;
}

/** What a repeated Complete is told. */
export interface UploadResult {
  readonly version: VersionName;
  readonly isNull: boolean;
  readonly etag: Uint8Array;
  readonly partCount: number;
  readonly checksum: StoredChecksum | undefined;
}

export interface Upload {
  readonly initiatedMs: number;
  readonly plan: UploadPlan;
  /** `completed` and `aborted` are hidden from everybody but the collector, which removes the parts and then this. */
  readonly state:
    | { readonly kind: 'open' }
    | { readonly kind: 'completed'; readonly result: UploadResult; readonly keptUntilMs: number }
    | { readonly kind: 'aborted'; readonly dueMs: number };
}

const stateCodes = { open: 0, completed: 1, aborted: 2 } as const;

export function encodeUpload({ initiatedMs, plan, state }: Upload): Uint8Array {
  const writer = new ByteWriter(128);
  writer.u8(recordKinds.upload);
  writer.varint(initiatedMs);
  writer.text(plan.owner);
  writer.text(plan.storageClass);
  writeChecksumName(writer, plan.checksum);
  writer.bool(plan.checksumType === 'COMPOSITE');
  writer.u8(aclCodes[plan.acl]);
  writeRetention(writer, plan.retention);
  writer.bool(plan.legalHold);
  writer.u8(plan.tagCount);
  writer.u32(plan.tagHash);
  writer.u8(stateCodes[state.kind]);
  if (state.kind === 'aborted') writer.varint(state.dueMs);
  if (state.kind === 'completed') {
    writer.varint(state.keptUntilMs);
    const { version, isNull, etag, partCount, checksum } = state.result;
    writer.varint(version.sequence);
    writer.raw(latin1Bytes(version.requestId));
    writer.bool(isNull);
    writer.raw(etag);
    writer.varint(partCount);
    writeChecksum(writer, checksum);
  }
  return writer.bytes();
}

/** `PARSE_ERROR` for what is no upload of a known format. */
export function decodeUpload(head: Uint8Array): Upload {
  const reader = readerOf(head, 'upload');
  const initiatedMs = reader.varint('when an upload began');
  const plan: UploadPlan = {
    owner: reader.text('an owner', nameBytesMax),
    storageClass: reader.text('a storage class', nameBytesMax),
    checksum: readChecksumName(reader),
    checksumType: reader.bool('whether a checksum is composite') ? 'COMPOSITE' : 'FULL_OBJECT',
    acl: readAcl(reader),
    retention: readRetention(reader),
    legalHold: reader.bool('a legal hold'),
    tagCount: reader.u8('the number of tags'),
    tagHash: reader.u32('a hash of tags'),
  };
  const at = reader.offset;
  const code = reader.u8('the state of an upload');
  if (code === stateCodes.open) return ended({ initiatedMs, plan, state: { kind: 'open' } }, reader);
  const ms = reader.varint('when an upload is over');
  if (code === stateCodes.aborted) return ended({ initiatedMs, plan, state: { kind: 'aborted', dueMs: ms } }, reader);
  if (code !== stateCodes.completed) throw reader.error(`an upload of unknown state ${code}`, at);
  const version = {
    sequence: reader.varint('a sequence'),
    requestId: latin1Text(reader.viewRaw(requestIdBytes, 'the id of a request')),
  };
  const result: UploadResult = {
    version,
    isNull: reader.bool('whether a version is null'),
    etag: copyBytes(reader.viewRaw(16, 'an ETag')),
    partCount: reader.varint('the number of parts'),
    checksum: readChecksum(reader),
  };
  return ended({ initiatedMs, plan, state: { kind: 'completed', keptUntilMs: ms, result } }, reader);
}

function ended(upload: Upload, reader: ReturnType<typeof readerOf>): Upload {
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of an upload');
  return upload;
}
