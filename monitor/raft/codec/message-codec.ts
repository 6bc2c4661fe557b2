/**
 * Messages between members as bytes:
 *
 *     version u8 | kind u8 | from u32 | to u32 | term u64 | what the kind has
 *
 * Decoding checks all that one message can show by itself: ranges, order of members, entries without a gap and with terms
 * that never fall. What depends on the receiver's state is the core's to judge.
 */
import { unreachable } from '../../../base/invariant.js';
import { logIndex, term, type EntryPosition, type LogEntry, type RaftMessage } from '../types.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { entryBytes, readEntry, writeEntry } from './entry-codec.js';
import { readMember, readPosition, readSnapshotMeta, writePosition, writeSnapshotMeta } from './membership-codec.js';

const version = 1;

/** Never renumbered; new kinds are added at the end. */
const kinds = {
  'vote-request': 1,
  'vote-reply': 2,
  append: 3,
  'append-reply': 4,
  'snapshot-chunk': 5,
  'snapshot-reply': 6,
  'timeout-now': 7,
  'read-request': 8,
  'read-reply': 9,
} as const satisfies Record<RaftMessage['kind'], number>;

/** In one append; the core sends far fewer. */
const entriesMax = 1 << 20;
/** Of one chunk. Stores cut snapshots at a quarter of a MiB. */
export const chunkBytesMax = 4 * 1024 * 1024;

export function encodeMessage(message: RaftMessage): Uint8Array {
  const writer = new ByteWriter(sizeOf(message));
  writer.uint8(version).uint8(kinds[message.kind]).uint32(message.from).uint32(message.to).uint53(message.term);
  writeBody(writer, message);
  return writer.finish();
}

/** All data is copied. Throws `PROTOCOL_ERROR`, nothing else. */
export function decodeMessage(bytes: Uint8Array): RaftMessage {
  const reader: ByteReader = new ByteReader(bytes, 'PROTOCOL_ERROR', 'a Raft message');
  const found = reader.uint8();
  reader.check(found === version, `its version is ${found}; this member speaks ${version}`);
  const kind = reader.uint8();
  const envelope = { from: readMember(reader), to: readMember(reader), term: term(reader.uint53()) };
  const message = readBody(reader, kind, envelope);
  reader.end();
  return message;
}

function writeBody(writer: ByteWriter, message: RaftMessage): void {
  switch (message.kind) {
    case 'vote-request':
      writer.uint8(message.isPreVote ? 1 : 0).uint8(message.isTransfer ? 1 : 0);
      writePosition(writer, message.last);
      return;
    case 'vote-reply':
      writer.uint8(message.isPreVote ? 1 : 0).uint8(message.granted ? 1 : 0);
      return;
    case 'append':
      writePosition(writer, message.previous);
      writer.uint53(message.commit).uint53(message.round).uint32(message.entries.length);
      for (const entry of message.entries) writeEntry(writer, entry);
      return;
    case 'append-reply':
      writer.uint53(message.round);
      if (message.outcome.kind === 'matched') {
        writer.uint8(1).uint53(message.outcome.matched);
      } else {
        writer.uint8(0).uint53(message.outcome.rejected);
        writePosition(writer, message.outcome.hint);
      }
      return;
    case 'snapshot-chunk':
      writeSnapshotMeta(writer, message.meta);
      writer.uint32(message.chunk).uint53(message.round).bytes(message.data);
      return;
    case 'snapshot-reply':
      writer.uint53(message.snapshot).uint32(message.next).uint53(message.round);
      return;
    case 'timeout-now':
      return;
    case 'read-request':
      writer.uint53(message.id);
      return;
    case 'read-reply':
      writer.uint53(message.id).uint8(message.index === undefined ? 0 : 1);
      if (message.index !== undefined) writer.uint53(message.index);
      return;
    default:
      unreachable(message);
  }
}

/** Those that come with every entry name their fields: spread, each would cost V8 some calls of its runtime. */
function readBody(reader: ByteReader, kind: number, envelope: Pick<RaftMessage, 'from' | 'to' | 'term'>): RaftMessage {
  const { from, to, term: ofSender } = envelope;
  switch (kind) {
    case kinds['vote-request']:
      return {
        ...envelope,
        kind: 'vote-request',
        isPreVote: reader.flag(),
        isTransfer: reader.flag(),
        last: readPosition(reader),
      };
    case kinds['vote-reply']:
      return { ...envelope, kind: 'vote-reply', isPreVote: reader.flag(), granted: reader.flag() };
    case kinds.append: {
      const previous = readPosition(reader);
      const commit = logIndex(reader.uint53());
      const round = reader.uint53();
      const entries = readEntries(reader, previous);
      const highest = entries.at(-1)?.term ?? previous.term;
      reader.check(highest <= envelope.term, 'an entry is of a later term than its sender');
      return { kind: 'append', from, to, term: ofSender, previous, entries, commit, round };
    }
    case kinds['append-reply']: {
      const round = reader.uint53();
      if (reader.flag()) {
        const outcome = { kind: 'matched', matched: logIndex(reader.uint53()) } as const;
        return { kind: 'append-reply', from, to, term: ofSender, round, outcome };
      }
      const rejected = logIndex(reader.uint53());
      const outcome = { kind: 'rejected', rejected, hint: readPosition(reader) } as const;
      return { kind: 'append-reply', from, to, term: ofSender, round, outcome };
    }
    case kinds['snapshot-chunk']: {
      const meta = readSnapshotMeta(reader);
      const chunk = reader.uint32();
      const round = reader.uint53();
      reader.check(chunk < meta.chunks, 'a chunk lies outside of its snapshot');
      reader.check(meta.term <= envelope.term, 'a snapshot is of a later term than its sender');
      const data = reader.bytes(chunkBytesMax);
      reader.check(data.byteLength <= meta.bytes, 'a chunk is larger than its snapshot');
      return { ...envelope, kind: 'snapshot-chunk', meta, chunk, round, data };
    }
    case kinds['snapshot-reply']:
      return {
        ...envelope,
        kind: 'snapshot-reply',
        snapshot: logIndex(reader.uint53()),
        next: reader.uint32(),
        round: reader.uint53(),
      };
    case kinds['timeout-now']:
      return { ...envelope, kind: 'timeout-now' };
    case kinds['read-request']:
      return { ...envelope, kind: 'read-request', id: reader.uint53() };
    case kinds['read-reply']: {
      const id = reader.uint53();
      return { ...envelope, kind: 'read-reply', id, index: reader.flag() ? logIndex(reader.uint53()) : undefined };
    }
    default:
      throw reader.error(`messages of kind ${kind} are unknown to this version`);
  }
}

function readEntries(reader: ByteReader, previous: EntryPosition): LogEntry[] {
  const count = reader.uint32();
  reader.check(count <= entriesMax, `an append has ${count} entries`);
  const entries: LogEntry[] = [];
  let last = previous;
  for (let i = 0; i < count; i++) {
    const entry = readEntry(reader);
    reader.check(entry.index === last.index + 1, 'entries have a gap');
    reader.check(entry.term >= last.term, 'terms of entries fall');
    entries.push(entry);
    last = entry;
  }
  return entries;
}

function sizeOf(message: RaftMessage): number {
  if (message.kind === 'snapshot-chunk') return 256 + message.data.byteLength;
  if (message.kind !== 'append') return 128;
  return message.entries.reduce((sum, entry) => sum + entryBytes(entry), 128);
}
