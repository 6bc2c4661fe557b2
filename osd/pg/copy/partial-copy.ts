/**
 * What a joiner notes of an object that was copied to it in part, in the transactions that bring the parts: how the copying goes on
 * after whatever ends it, here or at the source.
 *
 *     ├── as in `version` ──┤ rest: as it was at some time, or not there ──┤        as of the place `at` of the log
 *
 * A version names one entry, so parts of two histories are never taken for one object. Whoever goes on copies the rest, what entries
 * behind `at` touched (none, where the object still has that version), and what the joiner notes as missing of it. So one that is older
 * than the data is right as well, and makes more be copied: it is written with the data, or later.
 */
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import { isCairnError } from '../../../base/errors.js';
import type { ObjectVersion } from '../../store/format/object-head.js';
import type { ObjectId } from '../../store/object-id.js';
import type { Touched } from '../../store/pg/log-entry.js';
import type { LogPosition } from '../types.js';
import { decodeTouched, encodeTouched } from './touched-list.js';

export interface PartialCopy {
  readonly object: ObjectId;
  /** All of the object but the rest is as in this version. */
  readonly version: ObjectVersion;
  /** The newest entry of the log when that was so. */
  readonly at: LogPosition;
  /** What is still to be copied, at least one part; all of this object. */
  readonly rest: readonly Touched[];
}

/** Of one, encoded: it is written again with every piece, and several travel in one header. */
export const partialBytesMax = 32 * 1024;
/** Of one PG, at a joiner: each attempt goes through them in order, so there are hardly ever more than two. */
export const partialsMax = 8;

const format = 1;

export function encodePartialCopy({ version, at, rest }: PartialCopy): Uint8Array {
  const writer = new ByteWriter(128);
  writer.u8(format);
  for (const { term, seq } of [version, at]) {
    writer.varint(term);
    writer.varint(seq);
  }
  writer.blob(encodeTouched(rest));
  return writer.bytes();
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodePartialCopy(bytes: Uint8Array): PartialCopy {
  const reader = new ByteReader(bytes);
  const known = reader.u8('the format of a partial copy');
  if (known !== format) throw reader.error(`a partial copy of unknown format ${known}`, 0);
  const version = { term: reader.varint('a term'), seq: reader.varint('a sequence number') };
  const at = { term: reader.varint('a term'), seq: reader.varint('a sequence number') };
  const rest = decodeTouched(reader.blob('the rest of an object', partialBytesMax));
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a partial copy');
  const [first] = rest;
  if (first === undefined || !('object' in first)) throw reader.error('a partial copy of no object', 0);
  const { object } = first;
  if (rest.some((part) => !('object' in part) || part.object.key !== object.key)) {
    throw reader.error('a partial copy of more than one object', 0);
  }
  return { object, version, at, rest };
}

/** Whether `decodePartialCopy` takes it. */
export function isPartialCopy(bytes: Uint8Array): boolean {
  try {
    decodePartialCopy(bytes);
    return true;
  } catch (error) {
    if (isCairnError(error)) return false;
    throw error;
  }
}
