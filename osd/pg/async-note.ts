/**
 * What a copy has to know after a restart of the async terms that it was in: which of its entries may have to be parked, and
 * which of those had been committed for certain. A value of each copy's own, written with the term, and twice a second while
 * something is committed.
 */
import { ByteReader } from '../../base/byte-reader.js';
import { ByteWriter } from '../../base/byte-writer.js';

export interface AsyncNote {
  /** The highest async term that was entered: what later terms log is sync. */
  readonly term: number;
  /** Entries up to here were committed. */
  readonly commit: number;
  /** Entries up to here were on every member: the PG has them. */
  readonly everywhere: number;
}

const format = 1;

export function encodeAsyncNote({ term, commit, everywhere }: AsyncNote): Uint8Array {
  const writer = new ByteWriter(32);
  writer.u8(format);
  for (const value of [term, commit, everywhere]) writer.varint(value);
  return writer.bytes();
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodeAsyncNote(bytes: Uint8Array): AsyncNote {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a note of async terms');
  if (version !== format) throw reader.error(`a note of async terms in unknown format ${version}`, 0);
  const term = reader.varint('a term');
  const commit = reader.varint('a sequence number');
  const everywhere = reader.varint('a sequence number');
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a note of async terms', 0);
  return { term, commit, everywhere };
}
