/**
 * When a PG was last scrubbed, and what was left to mend then: a value of each copy (its own, as copies join with another past).
 * Wall time: a clock that is wrong makes a scrub early or late, and nothing else.
 */
import { ByteReader } from '../../base/byte-reader.js';
import { ByteWriter } from '../../base/byte-writer.js';
import { ownKeyPrefix } from '../store/transaction.js';

export interface ScrubStamps {
  /** Wall time in ms of the last scrub that was finished, deep ones included. */
  readonly shallow: number;
  readonly deep: number;
  /** Findings of the last one of each kind that were not healed. */
  readonly shallowErrors: number;
  readonly deepErrors: number;
}

export const stampsKey = `${ownKeyPrefix}scrubbed`;

const format = 1;

export function encodeStamps({ shallow, deep, shallowErrors, deepErrors }: ScrubStamps): Uint8Array {
  const writer = new ByteWriter(40);
  writer.u8(format);
  for (const value of [shallow, deep, shallowErrors, deepErrors]) writer.varint(value);
  return writer.bytes();
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodeStamps(bytes: Uint8Array): ScrubStamps {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of scrub stamps');
  if (version !== format) throw reader.error(`scrub stamps of unknown format ${version}`, 0);
  return {
    shallow: reader.varint('the time of a scrub'),
    deep: reader.varint('the time of a deep scrub'),
    shallowErrors: reader.varint('errors of a scrub'),
    deepErrors: reader.varint('errors of a deep scrub'),
  };
}
