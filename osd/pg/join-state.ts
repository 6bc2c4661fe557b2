/**
 * How far a copy is that joins: noted in the transaction that brings it so far, so that a restart goes on there. Objects are in
 * the order of `ObjectId.key`:
 *
 *     ├── as the log says; but behind `from` ──┤ cursor ├── as they were at some time, or not there ──┤
 *     └── entries may lack their effects    ───┘
 */
import { ByteReader } from '../../base/byte-reader.js';
import { ByteWriter } from '../../base/byte-writer.js';
import { latin1Bytes, latin1Text } from '../../base/bytes.js';

export interface JoinState {
  /** Objects up to the cursor may lack what the log's entries behind this one touched; `undefined`: they lack nothing. */
  readonly from: number | undefined;
  /** `ObjectId.key`, included; `undefined`: all objects. */
  readonly cursor: string | undefined;
}

const format = 1;
const keyBytesMax = 16_384;

export function encodeJoinState({ from, cursor }: JoinState): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u8(format);
  writer.bool(from !== undefined);
  if (from !== undefined) writer.varint(from);
  writer.bool(cursor !== undefined);
  if (cursor !== undefined) writer.blob(latin1Bytes(cursor));
  return writer.bytes();
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodeJoinState(bytes: Uint8Array): JoinState {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a join');
  if (version !== format) throw reader.error(`a join of unknown format ${version}`, 0);
  const from = reader.bool('whether entries lack their effects') ? reader.varint('a sequence number') : undefined;
  const cursor = reader.bool('whether there is a cursor')
    ? latin1Text(reader.blob('a cursor', keyBytesMax))
    : undefined;
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a join');
  return { from, cursor };
}
