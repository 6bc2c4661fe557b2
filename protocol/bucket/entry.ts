/**
 * The head of a version of an object, or of a delete marker: what a listing shows, and what the class decides by. Under `o/`, `v/`
 * and, once released, `g/`. Its bodies:
 *
 *     0  content: stored headers, user metadata, and the payload or the manifest (content.ts). Never changes.
 *     1  tags     2  grants of an ACL that is not a canned one
 */
import type { ByteReader } from '../../base/byte-reader.js';
import { ByteWriter } from '../../base/byte-writer.js';
import { latin1Bytes, latin1Text } from '../../base/bytes.js';
import { readChecksum, type StoredChecksum, writeChecksum } from './checksum.js';
import { nameBytesMax, objectBytesMax, partsMax } from './limits.js';
import { readerOf, recordKinds } from './record-kind.js';
import { lockCodes, lockModeOf, type Retention } from './retention.js';
import { requestIdBytes, type VersionName } from './version-id.js';

export const contentSlot = 0;
export const tagsSlot = 1;
export const aclSlot = 2;

/** Codes in stored records: never renumbered. `grants`: in body 2. */
export const aclCodes = {
  private: 0,
  'public-read': 1,
  'public-read-write': 2,
  'authenticated-read': 3,
  'aws-exec-read': 4,
  'bucket-owner-read': 5,
  'bucket-owner-full-control': 6,
  'log-delivery-write': 7,
  grants: 255,
} as const;
export type AclName = keyof typeof aclCodes;
const aclOfCode = new Map<number, AclName>(Object.entries(aclCodes).map(([name, code]) => [code, name as AclName]));

/** What a new version brings with it. */
export interface EntryValue {
  /** Account; empty: the bucket's owner. */
  readonly owner: string;
  readonly size: number;
  /** 16 bytes. */
  readonly etag: Uint8Array;
  /** 0: put at once. */
  readonly partCount: number;
  /** Empty: STANDARD. */
  readonly storageClass: string;
  readonly checksum: StoredChecksum | undefined;
  /** The payload is in its body, so no chunks go with it. */
  readonly isInline: boolean;
  readonly acl: AclName;
  readonly retention: Retention | undefined;
  readonly legalHold: boolean;
  readonly tagCount: number;
  /** For lifecycle rules, which ask for tags: 0 without any. */
  readonly tagHash: number;
}

export interface ObjectEntry extends EntryValue, VersionName {
  readonly kind: 'object';
  readonly isNull: boolean;
  readonly modifiedMs: number;
  /** Its blobs, or some, have owners noted in reference objects. */
  readonly isShared: boolean;
}

export interface MarkerEntry extends VersionName {
  readonly kind: 'marker';
  readonly isNull: boolean;
  readonly modifiedMs: number;
  readonly owner: string;
}

export type Entry = ObjectEntry | MarkerEntry;

const flagMarker = 1;
const flagNull = 2;
const flagShared = 4;
const flagInline = 8;
const flagLegalHold = 16;
const flagsKnown = 31;

export function encodeEntry(entry: Entry): Uint8Array {
  const writer = new ByteWriter(160);
  const isObject = entry.kind === 'object';
  let flags = isObject ? 0 : flagMarker;
  if (entry.isNull) flags |= flagNull;
  if (isObject && entry.isShared) flags |= flagShared;
  if (isObject && entry.isInline) flags |= flagInline;
  if (isObject && entry.legalHold) flags |= flagLegalHold;
  writer.u8(recordKinds.entry);
  writer.u8(flags);
  writer.varint(entry.sequence);
  writer.raw(latin1Bytes(entry.requestId));
  writer.varint(entry.modifiedMs);
  writer.text(entry.owner);
  if (isObject) writeObject(writer, entry);
  return writer.bytes();
}

function writeObject(writer: ByteWriter, entry: ObjectEntry): void {
  writer.varint(entry.size);
  writer.raw(entry.etag);
  writer.varint(entry.partCount);
  writer.text(entry.storageClass);
  writeChecksum(writer, entry.checksum);
  writer.u8(aclCodes[entry.acl]);
  writeRetention(writer, entry.retention);
  writer.u8(entry.tagCount);
  if (entry.tagCount > 0) writer.u32(entry.tagHash);
}

/** `PARSE_ERROR` for what is no entry of a known format. */
export function decodeEntry(head: Uint8Array): Entry {
  const reader = readerOf(head, 'entry');
  const flags = reader.u8('the flags of an entry');
  if ((flags & ~flagsKnown) !== 0) throw reader.error(`an entry with unknown flags ${flags}`, 1);
  const sequence = reader.varint('a sequence');
  const requestId = latin1Text(reader.viewRaw(requestIdBytes, 'the id of a request'));
  const modifiedMs = reader.varint('when an entry was written');
  const owner = reader.text('an owner', nameBytesMax);
  const isNull = (flags & flagNull) !== 0;
  if ((flags & flagMarker) !== 0) {
    if (!reader.isAtEnd) throw reader.error('bytes behind the end of a delete marker');
    return { kind: 'marker', sequence, requestId, modifiedMs, owner, isNull };
  }
  const size = reader.varint('the size of an object', objectBytesMax);
  const etag = new Uint8Array(reader.viewRaw(16, 'an ETag'));
  const partCount = reader.varint('the number of parts', partsMax);
  const storageClass = reader.text('a storage class', nameBytesMax);
  const checksum = readChecksum(reader);
  const acl = readAcl(reader);
  const retention = readRetention(reader);
  const tagCount = reader.u8('the number of tags');
  const tagHash = tagCount > 0 ? reader.u32('a hash of tags') : 0;
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of an entry');
  return {
    kind: 'object',
    sequence,
    requestId,
    modifiedMs,
    owner,
    isNull,
    isShared: (flags & flagShared) !== 0,
    isInline: (flags & flagInline) !== 0,
    legalHold: (flags & flagLegalHold) !== 0,
    size,
    etag,
    partCount,
    storageClass,
    checksum,
    acl,
    retention,
    tagCount,
    tagHash,
  };
}

export function writeRetention(writer: ByteWriter, retention: Retention | undefined): void {
  writer.u8(retention === undefined ? 0 : lockCodes[retention.mode]);
  if (retention !== undefined) writer.varint(retention.untilMs);
}

export function readRetention(reader: ByteReader): Retention | undefined {
  const at = reader.offset;
  const code = reader.u8('the mode of a retention');
  if (code === 0) return undefined;
  const mode = lockModeOf(code);
  if (mode === undefined) throw reader.error(`an unknown mode of retention ${code}`, at);
  return { mode, untilMs: reader.varint('the end of a retention') };
}

export function readAcl(reader: ByteReader): AclName {
  const at = reader.offset;
  const acl = aclOfCode.get(reader.u8('an ACL'));
  if (acl === undefined) throw reader.error('an unknown ACL', at);
  return acl;
}
