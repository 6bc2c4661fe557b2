/** What is known of a parked object, beside its bytes: an attribute of the object that has its log entries. */
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import type { ObjectName } from '../../../cluster/object-placement.js';
import type { ObjectVersion } from '../format/object-head.js';
import { nameBytesMax, namespaceBytesMax } from '../limits.js';

export interface ParkedObject {
  readonly name: ObjectName;
  /** False: the last of the cut entries removed it, or nothing of it was here. */
  readonly exists: boolean;
  /** It is as its last entry made it. Otherwise this store had not copied all of it. */
  readonly isWhole: boolean;
  readonly bytes: number;
  /** Entries that were cut, and how many of them had been committed for certain: the rest perhaps. */
  readonly entries: number;
  readonly acknowledged: number;
  /** Wall time in ms. */
  readonly parkedAt: number;
  /** The last entry that this log and the PG's had in common; 0 where the PG's log did not reach back so far. */
  readonly common: ObjectVersion;
}

const format = 1;
const existsFlag = 1;
const wholeFlag = 2;

export function encodeParkedObject(parked: ParkedObject): Uint8Array {
  const { name, exists, isWhole, bytes, entries, acknowledged, parkedAt, common } = parked;
  const writer = new ByteWriter(128);
  writer.u8(format);
  writer.text(name.namespace);
  writer.text(name.locator);
  writer.text(name.name);
  writer.u8((exists ? existsFlag : 0) | (isWhole ? wholeFlag : 0));
  for (const value of [bytes, entries, acknowledged, parkedAt, common.term, common.seq]) writer.varint(value);
  return writer.bytes();
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodeParkedObject(bytes: Uint8Array): ParkedObject {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of what was parked');
  if (version !== format) throw reader.error(`something parked in unknown format ${version}`, 0);
  const namespace = reader.text('a namespace', namespaceBytesMax);
  const locator = reader.text('a locator', nameBytesMax);
  const name = { namespace, locator, name: reader.text('a name', nameBytesMax) };
  const flags = reader.u8('flags');
  const size = reader.varint('a size');
  const entries = reader.varint('a number of entries');
  const acknowledged = reader.varint('a number of entries', entries);
  const parkedAt = reader.varint('a time');
  const common = { term: reader.varint('a term'), seq: reader.varint('a sequence number') };
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of what was parked', 0);
  const [exists, isWhole] = [(flags & existsFlag) !== 0, (flags & wholeFlag) !== 0];
  return { name, exists, isWhole, bytes: size, entries, acknowledged, parkedAt, common };
}
