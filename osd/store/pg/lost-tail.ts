/** What a copy of a PG is known to lack since its store lost a part of its log: kept with it until the copy is whole again. */
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import { latin1Bytes, latin1Text } from '../../../base/bytes.js';
import type { ObjectVersion } from '../format/object-head.js';
import { ownKeyPrefix } from '../transaction.js';

export interface LostTail {
  /** Entries that were found and could not be used, as something before them is missing. */
  readonly entries: number;
  /** The newest of them. */
  readonly newest: ObjectVersion | undefined;
  /** True: nothing else is missing. False: there may have been more that nothing tells of. */
  readonly isExact: boolean;
  /** `ObjectId.key` of what they had changed: the first of them. */
  readonly objectKeys: readonly string[];
}

export const lostTailKey = `${ownKeyPrefix}lost-tail`;
export const lostObjectsMax = 100;

const format = 1;
/** Of an `ObjectId.key`: the longest names, escaped. */
const keyBytesMax = 16_384;

export function encodeLostTail({ entries, newest, isExact, objectKeys }: LostTail): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u8(format);
  writer.varint(entries);
  writer.bool(newest !== undefined);
  if (newest !== undefined) {
    writer.varint(newest.term);
    writer.varint(newest.seq);
  }
  writer.bool(isExact);
  writer.varint(objectKeys.length);
  for (const key of objectKeys) writer.blob(latin1Bytes(key));
  return writer.bytes();
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodeLostTail(bytes: Uint8Array): LostTail {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a loss');
  if (version !== format) throw reader.error(`a loss of unknown format ${version}`, 0);
  const entries = reader.varint('a number of entries');
  const hasNewest = reader.bool('whether an entry is known');
  const newest = hasNewest ? { term: reader.varint('a term'), seq: reader.varint('a sequence number') } : undefined;
  const isExact = reader.bool('whether that is all');
  const objectKeys: string[] = [];
  for (let left = reader.count('objects', 1, lostObjectsMax); left > 0; left--) {
    objectKeys.push(latin1Text(reader.blob('an object', keyBytesMax)));
  }
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a loss');
  return { entries, newest, isExact, objectKeys };
}
