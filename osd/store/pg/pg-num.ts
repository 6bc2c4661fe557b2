/**
 * How many PGs the pool has by the copy of a PG that is here: it tells which objects are the copy's. A value of the copy, that no
 * other takes over, as copies of one PG are split at different times.
 *
 *     format u8  pgNum varint
 */
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import { ownKeyPrefix } from '../transaction.js';

export const pgNumKey = `${ownKeyPrefix}pg-num`;

const format = 1;

export function encodePgNum(pgNum: number): Uint8Array {
  const writer = new ByteWriter(16);
  writer.u8(format);
  writer.varint(pgNum);
  return writer.bytes();
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodePgNum(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a number of PGs');
  if (version !== format) throw reader.error(`a number of PGs of unknown format ${version}`, 0);
  return reader.varint('a number of PGs', 2 ** 31, 1);
}
