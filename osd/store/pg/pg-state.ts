/**
 * What the store keeps of a PG in memory: counts of its objects, and its log: where the blocks are, and the last block
 * itself, which entries are added to. A checkpoint writes the last block of every PG that got entries since the one before.
 */
import { ByteReader } from '../../../base/byte-reader.js';
import { invariant } from '../../../base/invariant.js';
import type { PgId } from '../../../cluster/ids.js';
import type { ObjectVersion } from '../format/object-head.js';
import { logBlockBytesMax, logBlockEntriesMax } from '../limits.js';
import { decodeLogBlock, type PackedEntry } from './log-block.js';
import { LogTail } from './log-tail.js';
import { encoded } from '../format/scratch-writer.js';

export interface LogBlockInfo {
  readonly first: number;
  readonly entries: number;
  readonly bytes: number;
}

/** A block that no entry is added to any more, as the index has it. */
export interface FullBlock {
  readonly first: number;
  readonly bytes: Uint8Array;
}

/** Where a log is cut off: what is left of it. */
export interface LogCut {
  /** The log ends here from now on. */
  readonly end: ObjectVersion;
  /** Full blocks that stay. */
  readonly keptBlocks: number;
  /** The entries behind those. */
  readonly tail: readonly PackedEntry[];
}

/** The log of one of the PGs that a PG was split into: with the positions of the whole log, so with blocks of the same numbers. */
export interface LogParts {
  /** Full ones. */
  readonly blocks: readonly LogBlockInfo[];
  /** As the index has them. */
  readonly stored: readonly Uint8Array[];
  readonly tail: readonly PackedEntry[];
}

/** What a split leaves of a PG, and makes of it. */
export interface SplitParts {
  readonly own: { readonly counts: PgCounts; readonly log: LogParts };
  readonly children: readonly { readonly pg: PgId; readonly counts: PgCounts; readonly log: LogParts }[];
}

export interface LogBounds {
  readonly trimmedTo: number;
  readonly lastSeq: number;
  readonly lastTerm: number;
  readonly entries: number;
  readonly bytes: number;
}

/** Of a PG that has none. */
export const noBounds: LogBounds = { trimmedTo: 0, lastSeq: 0, lastTerm: 0, entries: 0, bytes: 0 };

export interface PgCounts {
  readonly objects: number;
  /** Sum of the objects' sizes, holes included. */
  readonly bytes: number;
}

/** What is stored under the PG's key. */
export interface PgRecord extends PgCounts {
  /** Entries up to here are gone, or may go. */
  readonly trimmedTo: number;
  /** Of the newest entry; kept when the log is empty. */
  readonly lastSeq: number;
  readonly lastTerm: number;
  /** Oldest first; the last one is the one that is added to. */
  readonly blocks: readonly LogBlockInfo[];
}

export const blankPgRecord: PgRecord = { objects: 0, bytes: 0, trimmedTo: 0, lastSeq: 0, lastTerm: 0, blocks: [] };

export class PgState {
  readonly pg: PgId;
  #objects: number;
  #bytes: number;
  #trimmedTo: number;
  #lastSeq: number;
  #lastTerm: number;
  /** Full ones, all in the index. */
  #blocks: LogBlockInfo[];
  readonly #tail: LogTail;
  /** The block before the tail, while this process remembers it. */
  #full: Uint8Array | undefined;

  constructor(pg: PgId, record: PgRecord, tail: readonly PackedEntry[]) {
    this.pg = pg;
    this.#objects = record.objects;
    this.#bytes = record.bytes;
    this.#trimmedTo = record.trimmedTo;
    this.#lastSeq = record.lastSeq;
    this.#lastTerm = record.lastTerm;
    this.#blocks = record.blocks.slice(0, -1);
    this.#tail = new LogTail(tail);
  }

  get record(): PgRecord {
    return {
      objects: this.#objects,
      bytes: this.#bytes,
      trimmedTo: this.#trimmedTo,
      lastSeq: this.#lastSeq,
      lastTerm: this.#lastTerm,
      blocks: [...this.#blocks, this.#tailInfo()],
    };
  }

  get bounds(): LogBounds {
    const { trimmedTo, lastSeq, lastTerm, logEntries, logBytes } = this;
    return { trimmedTo, lastSeq, lastTerm, entries: logEntries, bytes: logBytes };
  }

  get trimmedTo(): number {
    return this.#trimmedTo;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get lastTerm(): number {
    return this.#lastTerm;
  }

  /** Full blocks, oldest first. */
  get blocks(): readonly LogBlockInfo[] {
    return this.#blocks;
  }

  /** Sequence number of the oldest entry of the last block, which is not full. */
  get tailFirst(): number | undefined {
    return this.#tail.first;
  }

  /** Copies of the entries of the last block. */
  get tail(): readonly PackedEntry[] {
    return this.#tail.entries();
  }

  /** The last block as the index has it. */
  tailBlock(): Uint8Array {
    return this.#tail.block();
  }

  /** With what was trimmed but still shares a block with later entries. */
  get logEntries(): number {
    return this.#blocks.reduce((sum, block) => sum + block.entries, this.#tail.count);
  }

  get logBytes(): number {
    return this.#blocks.reduce((sum, block) => sum + block.bytes, this.#tail.bytes);
  }

  count(objects: number, bytes: number): void {
    this.#objects += objects;
    this.#bytes += bytes;
    invariant(this.#objects >= 0 && this.#bytes >= 0, 'no more objects go than there were', { pg: this.pg });
  }

  /** Copies. Returns the block that is full now, and begins another. */
  append(entry: PackedEntry): FullBlock | undefined {
    const { seq, term } = entry;
    invariant(seq > this.#lastSeq, 'sequence numbers rise', { pg: this.pg, seq, last: this.#lastSeq });
    const tail = this.#tail;
    tail.append(entry);
    this.#lastSeq = seq;
    this.#lastTerm = term;
    if (tail.count < logBlockEntriesMax && tail.bytes < logBlockBytesMax) return undefined;
    const info = this.#tailInfo();
    const full = { first: info.first, bytes: tail.block() };
    this.#full = full.bytes;
    this.#blocks.push(info);
    tail.clear();
    return full;
  }

  /** Entries up to `seq` may go. Returns the first sequence numbers of blocks that hold nothing else. */
  trim(seq: number): number[] {
    this.#trimmedTo = Math.max(this.#trimmedTo, Math.min(seq, this.#lastSeq));
    const gone: number[] = [];
    while (this.#blocks.length > 0) {
      const nextFirst = this.#blocks[1]?.first ?? this.#tail.first ?? this.#lastSeq + 1;
      const first = this.#blocks[0];
      if (first === undefined || nextFirst > this.#trimmedTo + 1) break;
      gone.push(first.first);
      this.#blocks.shift();
    }
    return gone;
  }

  /** One of the newest entries, of which the last 256 are at hand at least; `undefined` for any other. */
  recent(seq: number): PackedEntry | undefined {
    const isInTail = this.#tail.first !== undefined && seq >= this.#tail.first;
    const entries = isInTail ? this.#tail.entries() : this.#full === undefined ? [] : decodeLogBlock(this.#full);
    return entries.findLast((entry) => entry.seq === seq);
  }

  cut({ end, keptBlocks, tail }: LogCut): void {
    invariant(tail.length < logBlockEntriesMax, 'what is left behind full blocks is no full block', { pg: this.pg });
    this.#blocks = this.#blocks.slice(0, keptBlocks);
    this.#tail.clear();
    this.#full = undefined;
    for (const entry of tail) this.#tail.append(entry);
    this.#lastSeq = end.seq;
    this.#lastTerm = end.term;
    this.#trimmedTo = Math.min(this.#trimmedTo, this.#lastSeq);
  }

  /** The log has the same positions as before; some of its entries are emptied. */
  splitOff({ objects, bytes }: PgCounts, { blocks, tail }: LogParts): void {
    invariant(blocks.length === this.#blocks.length, 'a split leaves every position', { pg: this.pg });
    this.#objects = objects;
    this.#bytes = bytes;
    this.#blocks = [...blocks];
    this.#tail.clear();
    this.#full = undefined;
    for (const entry of tail) this.#tail.append(entry);
  }

  /** A PG that this one was split into. */
  child(pg: PgId, { objects, bytes }: PgCounts, { blocks, tail }: LogParts): PgState {
    const { trimmedTo, lastSeq, lastTerm } = this;
    // The last of `blocks` stands for the tail, which tells by itself what is in it.
    const record = { objects, bytes, trimmedTo, lastSeq, lastTerm, blocks: [...blocks, this.#tailInfo()] };
    return new PgState(pg, record, tail);
  }

  #tailInfo(): LogBlockInfo {
    const { first = this.#lastSeq + 1, count, bytes } = this.#tail;
    return { first, entries: count, bytes };
  }
}

const format = 1;

export function encodePgRecord(record: PgRecord): Uint8Array {
  return encoded((writer) => {
    writer.u8(format);
    writer.varint(record.objects);
    writer.varint(record.bytes);
    writer.varint(record.trimmedTo);
    writer.varint(record.lastSeq);
    writer.varint(record.lastTerm);
    writer.varint(record.blocks.length);
    for (const block of record.blocks) {
      writer.varint(block.first);
      writer.varint(block.entries);
      writer.varint(block.bytes);
    }
  });
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodePgRecord(bytes: Uint8Array): PgRecord {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a PG record');
  if (version !== format) throw reader.error(`a PG record of unknown format ${version}`, 0);
  const objects = reader.varint('a number of objects');
  const size = reader.varint('a number of bytes');
  const trimmedTo = reader.varint('where the log begins');
  const lastSeq = reader.varint('where the log ends');
  const lastTerm = reader.varint('a term');
  const blocks: LogBlockInfo[] = [];
  for (let left = reader.count('log blocks', 3); left > 0; left--) {
    const first = reader.varint('a sequence number');
    const entries = reader.varint('a number of entries', logBlockEntriesMax);
    blocks.push({ first, entries, bytes: reader.varint('a number of bytes') });
  }
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a PG record');
  return { objects, bytes: size, trimmedTo, lastSeq, lastTerm, blocks };
}
