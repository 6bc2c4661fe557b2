/**
 * A record: one transaction as the log holds it, without its payloads, which follow it there in the order of its
 * mutations. Replay decodes it and does what was done when it was written.
 */
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import type { Random } from '../../../runtime/random.js';
import { poolId, type PgId } from '../../../cluster/ids.js';
import { logEntryBytesMax, mutationsMax } from '../limits.js';
import type { ObjectId } from '../object-id.js';
import type { PackedEntry } from '../pg/log-block.js';
import type { LogEntryInput, Mutation, PayloadSize, Transaction } from '../transaction.js';
import { readAhead, readRelease, writeAhead, writeRelease, type CloneAhead } from './bulk-step.js';
import { readMerge, writeMerge, type ChunkMerge } from './chunk-merge.js';
import { readMutation, writeMutation } from './mutation-codec.js';
import { readMoves, writeMoves, type PayloadMove } from './payload-move.js';
import { readBlockShift } from './payload-ref.js';
import { readSplit, writeSplit } from './pg-split-codec.js';
import { ObjectTable, readObject, readObjects } from './record-parts.js';

export type StoreRecord =
  | { readonly kind: 'transaction'; readonly transaction: Transaction<PayloadSize> }
  /**
   * The boot counter is `boot` from here on. An opening writes it before anything else, so no batch number is ever reused;
   * later ones are for registering again.
   */
  | { readonly kind: 'open'; readonly boot: number; readonly nonce: bigint }
  /** The cleaner's copies: each takes effect only where the payload still is where it was. */
  | { readonly kind: 'move'; readonly moves: readonly PayloadMove[] }
  /** Extents of a chunk that had too many: they take effect as moves do. */
  | { readonly kind: 'merge'; readonly merge: ChunkMerge }
  /** Chunks under these keys of `d` and `u`, as far as they are there, are wanted no more. */
  | { readonly kind: 'release'; readonly keys: readonly string[] }
  /** Chunks as a clone of their object will have them. */
  | { readonly kind: 'ahead'; readonly ahead: CloneAhead };

const recordTransaction = 1;
const recordOpen = 2;
const recordMove = 3;
const recordMerge = 4;
const recordRelease = 5;
const recordAhead = 6;

const flagEntry = 1;
const flagTrim = 2;
const flagCut = 4;
const flagEntryObject = 8;
const flagCopied = 16;
const flagSplit = 32;

export function writeTransaction(writer: ByteWriter, transaction: Transaction<PayloadSize>): void {
  const { pg, blockShift, mutations, copied = [], entry, trimTo, cutAfter, split } = transaction;
  const objects = new ObjectTable();
  for (const mutation of mutations) {
    if ('object' in mutation) objects.add(mutation.object);
    if ('source' in mutation) objects.add(mutation.source);
  }
  if (entry?.object !== undefined) objects.add(entry.object);
  writer.u8(recordTransaction);
  writer.varint(pg.pool);
  writer.varint(pg.pg);
  writer.u8(
    (entry === undefined ? 0 : flagEntry) |
      (trimTo === undefined ? 0 : flagTrim) |
      (cutAfter === undefined ? 0 : flagCut) |
      (entry?.object === undefined ? 0 : flagEntryObject) |
      (copied.length === 0 ? 0 : flagCopied) |
      (split === undefined ? 0 : flagSplit),
  );
  writer.u8(blockShift);
  objects.write(writer);
  if (cutAfter !== undefined) {
    writer.varint(cutAfter.term);
    writer.varint(cutAfter.seq);
  }
  if (copied.length > 0) writeCopied(writer, copied);
  if (entry !== undefined) writeEntry(writer, entry, objects);
  if (trimTo !== undefined) writer.varint(trimTo);
  if (split !== undefined) writeSplit(writer, split);
  writer.varint(mutations.length);
  for (const mutation of mutations) writeMutation(writer, mutation, objects);
}

export function writeOpen(writer: ByteWriter, boot: number, nonce: bigint): void {
  writer.u8(recordOpen);
  writer.varint(boot);
  writer.u64(nonce);
}

/** As `writeOpen`, with a nonce of its own. */
export function openRecord(boot: number, random: Pick<Random, 'bytes'>): Uint8Array {
  const writer = new ByteWriter(32);
  writeOpen(writer, boot, openNonce(random));
  return writer.bytes();
}

/** Makes two logs differ that would be equal otherwise: those of a disk and of its image. */
function openNonce(random: Pick<Random, 'bytes'>): bigint {
  return new DataView(random.bytes(8).buffer).getBigUint64(0, true);
}

export function writeMoveRecord(writer: ByteWriter, moves: readonly PayloadMove[]): void {
  writer.u8(recordMove);
  writeMoves(writer, moves);
}

export function writeMergeRecord(writer: ByteWriter, merge: ChunkMerge): void {
  writer.u8(recordMerge);
  writeMerge(writer, merge);
}

export function writeReleaseRecord(writer: ByteWriter, keys: readonly string[]): void {
  writer.u8(recordRelease);
  writeRelease(writer, keys);
}

export function writeAheadRecord(writer: ByteWriter, ahead: CloneAhead): void {
  writer.u8(recordAhead);
  writeAhead(writer, ahead);
}

/** `PARSE_ERROR` for what is no record; never more memory than the bytes are worth. */
export function decodeRecord(bytes: Uint8Array): StoreRecord {
  const reader = new ByteReader(bytes);
  const record = readRecord(reader);
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a record');
  return record;
}

function readRecord(reader: ByteReader): StoreRecord {
  const kind = reader.u8('the kind of a record');
  switch (kind) {
    case recordTransaction:
      return { kind: 'transaction', transaction: readTransaction(reader) };
    case recordOpen:
      return { kind: 'open', boot: reader.varint('a boot counter'), nonce: reader.u64('a nonce') };
    case recordMove:
      return { kind: 'move', moves: readMoves(reader) };
    case recordMerge:
      return { kind: 'merge', merge: readMerge(reader) };
    case recordRelease:
      return { kind: 'release', keys: readRelease(reader) };
    case recordAhead:
      return { kind: 'ahead', ahead: readAhead(reader) };
    default:
      throw reader.error(`a record of unknown kind ${kind}`, 0);
  }
}

function readTransaction(reader: ByteReader): Transaction<PayloadSize> {
  const pool = poolId(reader.varint('a pool', 2 ** 31 - 1, 1));
  const pg: PgId = { pool, pg: reader.varint('a PG', 2 ** 31 - 1) };
  const flags = reader.u8('the flags of a transaction');
  const blockShift = readBlockShift(reader);
  const objects = readObjects(reader);
  const cutAfter =
    (flags & flagCut) === 0 ? undefined : { term: reader.varint('a term'), seq: reader.varint('where a log is cut') };
  const copied = (flags & flagCopied) === 0 ? undefined : readCopied(reader);
  const entry = (flags & flagEntry) === 0 ? undefined : readEntry(reader, objects, (flags & flagEntryObject) !== 0);
  const trimTo = (flags & flagTrim) === 0 ? undefined : reader.varint('where a log is trimmed');
  const split = (flags & flagSplit) === 0 ? undefined : readSplit(reader);
  const mutations: Mutation<PayloadSize>[] = [];
  for (let left = reader.count('mutations', 1, mutationsMax); left > 0; left--) {
    mutations.push(readMutation(reader, objects));
  }
  return { pg, blockShift, mutations, cutAfter, copied, entry, trimTo, split };
}

function writeCopied(writer: ByteWriter, entries: readonly PackedEntry[]): void {
  writer.varint(entries.length);
  for (const { term, seq, bytes } of entries) {
    writer.varint(term);
    writer.varint(seq);
    writer.blob(bytes);
  }
}

/** Views of what is read. */
function readCopied(reader: ByteReader): PackedEntry[] {
  const entries: PackedEntry[] = [];
  for (let left = reader.count('copied log entries', 3); left > 0; left--) {
    const term = reader.varint('a term');
    const seq = reader.varint('a sequence number', undefined, 1);
    entries.push({ term, seq, bytes: reader.viewRaw(reader.varint('a length', logEntryBytesMax), 'a log entry') });
  }
  return entries;
}

function writeEntry(writer: ByteWriter, entry: LogEntryInput, objects: ObjectTable): void {
  writer.varint(entry.term);
  writer.varint(entry.seq);
  if (entry.object !== undefined) writer.varint(objects.indexOf(entry.object));
  writer.blob(entry.session);
  writer.varint(entry.request);
  writer.blob(entry.reply);
}

function readEntry(reader: ByteReader, objects: readonly ObjectId[], hasObject: boolean): LogEntryInput {
  const term = reader.varint('a term');
  const seq = reader.varint('a sequence number', undefined, 1);
  const object = hasObject ? readObject(reader, objects) : undefined;
  const session = reader.blob('a session', 32);
  const request = reader.varint('a request number');
  return { term, seq, object, session, request, reply: reader.blob('a reply', logEntryBytesMax) };
}
