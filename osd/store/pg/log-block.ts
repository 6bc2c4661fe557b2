/** Up to 256 entries of a PG's log under one index key: packed, so that a log costs few keys. */
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import { logBlockEntriesMax, logEntryBytesMax } from '../limits.js';
import { encoded } from '../format/scratch-writer.js';

/** An encoded entry with what its place in the log is told by. */
export interface PackedEntry {
  readonly term: number;
  readonly seq: number;
  /** As `encodeLogEntry` made it. */
  readonly bytes: Uint8Array;
}

const format = 1;

export function encodeLogBlock(entries: readonly PackedEntry[]): Uint8Array {
  const packed = new ByteWriter();
  for (const entry of entries) packEntry(packed, entry);
  return packBlock(entries.length, packed);
}

/** Adds an entry to those of a block. */
export function packEntry(writer: ByteWriter, { term, seq, bytes }: PackedEntry): void {
  writer.varint(term);
  writer.varint(seq);
  writer.blob(bytes);
}

/** The block of `count` entries that `packEntry` wrote one after the other. */
export function packBlock(count: number, packed: ByteWriter | undefined): Uint8Array {
  return encoded((writer) => {
    writer.u8(format);
    writer.varint(count);
    if (packed !== undefined) writer.raw(packed.viewWritten());
  });
}

/** `PARSE_ERROR` for what is no block of a known format. The entries are views of `bytes`. */
export function decodeLogBlock(bytes: Uint8Array): PackedEntry[] {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a log block');
  if (version !== format) throw reader.error(`a log block of unknown format ${version}`, 0);
  const entries: PackedEntry[] = [];
  let last = 0;
  for (let left = reader.count('log entries', 3, logBlockEntriesMax); left > 0; left--) {
    const term = reader.varint('a term');
    const at = reader.offset;
    const seq = reader.varint('a sequence number', undefined, 1);
    if (seq <= last) throw reader.error(`entry ${seq} of a log stands behind entry ${last}`, at);
    last = seq;
    const entryBytes = reader.viewRaw(reader.varint('the length of a log entry', 2 * logEntryBytesMax), 'an entry');
    entries.push({ term, seq, bytes: entryBytes });
  }
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a log block');
  return entries;
}
