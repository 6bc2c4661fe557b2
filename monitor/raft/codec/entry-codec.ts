/**
 * A log entry as bytes, the same on disk and between members:
 *
 *     kind u8 | index u64 | term u64 | membership entries: voters, learners | all but no-ops: length u32, data
 */
import { unreachable } from '../../../base/invariant.js';
import type { LogEntry } from '../types.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { readMembership, readPosition, writeMembership, writePosition } from './membership-codec.js';

/** Of one entry: far more than a monitor proposes, and small enough to allocate on a peer's word. */
export const entryDataBytesMax = 64 * 1024 * 1024;

const kinds = { noop: 0, command: 1, membership: 2 } as const;

export function writeEntry(writer: ByteWriter, entry: LogEntry): void {
  writer.uint8(kinds[entry.kind]);
  writePosition(writer, entry);
  switch (entry.kind) {
    case 'noop':
      return;
    case 'command':
      writer.bytes(entry.data);
      return;
    case 'membership':
      writeMembership(writer, entry.membership);
      writer.bytes(entry.data);
      return;
    default:
      unreachable(entry);
  }
}

/** The data is copied. */
export function readEntry(reader: ByteReader): LogEntry {
  const kind = reader.uint8();
  const { index, term } = readPosition(reader);
  reader.check(index >= 1, 'an entry has index 0');
  switch (kind) {
    case kinds.noop:
      return { index, term, kind: 'noop' };
    case kinds.command:
      return { index, term, kind: 'command', data: reader.bytes(entryDataBytesMax) };
    case kinds.membership: {
      const membership = readMembership(reader);
      return { index, term, kind: 'membership', membership, data: reader.bytes(entryDataBytesMax) };
    }
    default:
      throw reader.error(`entries of kind ${kind} are unknown to this version`);
  }
}

/** About the bytes that `writeEntry` takes. */
export function entryBytes(entry: LogEntry): number {
  return 32 + (entry.kind === 'noop' ? 0 : entry.data.byteLength);
}
