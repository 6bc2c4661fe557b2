/**
 * The head: one value, rewritten by every batch, that commits to all that the store holds after it. A record of each batch
 * commits to the head:
 *
 *     b62 ◄── b63 ◄── b64 ──► h ──► snapshot: generation, chunks, checksum
 *     (each names the checksum        └► log: e8 ◄── e9 ◄── e10   (each names the one before; the head the last)
 *      of the one before)
 *
 * LevelDB cannot be asked whether it hides a key, or shows what an older table has under it (runtime/README.md). With
 * these two chains any one of them, missing or old, is found at opening: an entry by its neighbour or the head, the head by
 * the last record, the last record by the head.
 */
import { utf8Bytes } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { xxh64 } from '../../base/xxh64.js';
import { ByteReader } from '../raft/codec/byte-reader.js';
import { ByteWriter } from '../raft/codec/byte-writer.js';
import { readEntry, writeEntry } from '../raft/codec/entry-codec.js';
import { readSnapshotMeta, writeSnapshotMeta } from '../raft/codec/membership-codec.js';
import {
  logIndex,
  memberId,
  term,
  type HardState,
  type LogEntry,
  type LogIndex,
  type SnapshotMeta,
} from '../raft/types.js';
import { readIdentity, writeIdentity, type StoreIdentity } from './identity.js';

export interface StoredSnapshot {
  /** Under which its chunks are; never reused. Two snapshots of one index, one taken and one received, stay apart. */
  readonly generation: number;
  readonly meta: SnapshotMeta;
}

export interface Head {
  readonly identity: StoreIdentity;
  /** Of the batch that wrote this head; 1, 2, 3… */
  readonly batch: number;
  readonly hardState: HardState;
  /** In force: the log begins behind it. */
  readonly snapshot: StoredSnapshot;
  /** Being received, with its first `chunks` chunks present. */
  readonly partial: (StoredSnapshot & { readonly chunks: number }) | undefined;
  /** The snapshot's index when the log is empty. */
  readonly last: LogIndex;
  /** Known to be committed when the batch was written; at most `last`, and at least the snapshot's index. */
  readonly commit: LogIndex;
  /** Of the place before the first entry, and of the last entry. */
  readonly baseChain: bigint;
  readonly lastChain: bigint;
}

export interface BatchRecord {
  readonly batch: number;
  /** Of those that made the store: nothing has been promised from it yet. */
  readonly isCreation: boolean;
  /** xxh64 of the head's bytes, and so of all that the batch left behind. */
  readonly content: bigint;
  /** xxh64 of the previous record's bytes; 0 in the first. */
  readonly previous: bigint;
}

const version = 1;
/** Since 2 a head says what is committed. */
const headVersion = 2;

export function encodeHead(head: Head): Uint8Array {
  const writer = new ByteWriter(256).uint8(headVersion);
  writeIdentity(writer, head.identity);
  writer.uint53(head.batch);
  writer.uint53(head.hardState.term).uint32(head.hardState.vote ?? 0);
  writer.uint53(head.snapshot.generation);
  writeSnapshotMeta(writer, head.snapshot.meta);
  writer.uint53(head.last).uint64(head.baseChain).uint64(head.lastChain);
  writer.uint8(head.partial === undefined ? 0 : 1);
  if (head.partial !== undefined) {
    writer.uint53(head.partial.generation);
    writeSnapshotMeta(writer, head.partial.meta);
    writer.uint32(head.partial.chunks);
  }
  writer.uint53(head.commit);
  return writer.finish();
}

/** Throws `CORRUPT`, or `UNSUPPORTED` when another version of Cairn wrote it. */
export function decodeHead(bytes: Uint8Array): Head {
  const isOld = bytes[0] === version;
  const reader = openDocument(bytes, 'the head of the Raft store', isOld ? version : headVersion);
  const identity = readIdentity(reader);
  const batch = reader.uint53();
  const hardState = readHardState(reader);
  const snapshot = { generation: reader.uint53(), meta: readSnapshotMeta(reader) };
  const last = logIndex(reader.uint53());
  const baseChain = reader.uint64();
  const lastChain = reader.uint64();
  const partial = reader.flag()
    ? { generation: reader.uint53(), meta: readSnapshotMeta(reader), chunks: reader.uint32() }
    : undefined;
  const commit = isOld ? snapshot.meta.index : logIndex(reader.uint53());
  reader.end();
  return { identity, batch, hardState, snapshot, partial, last, commit, baseChain, lastChain };
}

export function readHardState(reader: ByteReader): HardState {
  const found = term(reader.uint53());
  const vote = reader.uint32();
  return { term: found, vote: vote === 0 ? undefined : memberId(vote) };
}

export function encodeRecord(record: BatchRecord): Uint8Array {
  const writer = new ByteWriter(32).uint8(version);
  writer.uint53(record.batch).uint8(record.isCreation ? 1 : 0);
  return writer.uint64(record.content).uint64(record.previous).finish();
}

export function decodeRecord(bytes: Uint8Array): BatchRecord {
  const reader = openDocument(bytes, 'a batch record of the Raft store');
  const record = {
    batch: reader.uint53(),
    isCreation: reader.flag(),
    content: reader.uint64(),
    previous: reader.uint64(),
  };
  reader.end();
  return record;
}

export interface StoredEntry {
  readonly entry: LogEntry;
  /** Of the entry before. */
  readonly previousChain: bigint;
  readonly chain: bigint;
}

/** The stored value of an entry, and its chain: xxh64 of its bytes, seeded with the chain of the entry before. */
export function encodeStoredEntry(entry: LogEntry, previousChain: bigint): { value: Uint8Array; chain: bigint } {
  const writer = new ByteWriter(64 + (entry.kind === 'noop' ? 0 : entry.data.byteLength));
  writer.uint8(version).uint64(previousChain);
  writeEntry(writer, entry);
  const value = writer.finish();
  return { value, chain: xxh64(value.subarray(entryOffset), previousChain) };
}

export function decodeStoredEntry(value: Uint8Array): StoredEntry {
  const reader = openDocument(value, 'an entry of the Raft log');
  const previousChain = reader.uint64();
  const entry = readEntry(reader);
  reader.end();
  return { entry, previousChain, chain: xxh64(value.subarray(entryOffset), previousChain) };
}

/** Where a log begins that has nothing before it but this snapshot. Bound to the store: another's entries do not fit. */
export function chainOfSnapshot(identity: StoreIdentity, meta: SnapshotMeta): bigint {
  return xxh64(utf8Bytes(`${identity.fsid}/${identity.member}/${meta.index}/${meta.checksum}`));
}

/** Version and previous chain. */
const entryOffset = 9;

function openDocument(bytes: Uint8Array, what: string, expected = version): ByteReader {
  const reader = new ByteReader(bytes, 'CORRUPT', what);
  const found = reader.uint8();
  if (found !== expected) {
    const sentence = `${what} has version ${found}, this monitor reads ${expected}; start the release of Cairn that wrote it`;
    throw new CairnError('UNSUPPORTED', sentence);
  }
  return reader;
}
