/**
 * A payload that extents of several objects point to: one key with where it is, so that the cleaner moves it once for all
 * of them.
 */
import { ByteReader } from '../../../base/byte-reader.js';
import { readPayloadRef, writePayloadRef, type PayloadRef } from './payload-ref.js';
import { encoded } from './scratch-writer.js';

export interface SharedPayload {
  readonly payload: PayloadRef;
  /** What its checksums are bound to: the object that wrote it. */
  readonly owner: bigint;
  /** Extents that point to it; at 0 it goes. */
  readonly references: number;
}

const format = 1;

export function encodeSharedPayload(shared: SharedPayload): Uint8Array {
  return encoded((writer) => {
    writer.u8(format);
    writePayloadRef(writer, shared.payload);
    writer.u64(shared.owner);
    writer.varint(shared.references);
  });
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodeSharedPayload(bytes: Uint8Array): SharedPayload {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a shared payload');
  if (version !== format) throw reader.error(`a shared payload of unknown format ${version}`, 0);
  const payload = readPayloadRef(reader);
  const owner = reader.u64('the owner of a shared payload');
  const references = reader.varint('references', undefined, 1);
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a shared payload');
  return { payload, owner, references };
}
