/**
 * A run of PG records as typed arrays. With three members a record takes 38 bytes (8 for the term, 24 for members, 6 for
 * counts and the place of its members), where objects would take about 400.
 *
 *     starts    0     3     6        10                    record 2: acting 4 5, eligible 6 7
 *     osds    [ a b c | d e f | g h · i j | … ]
 *
 * In this file and its callers arrays are read with `!`: an index is below the `count` that made them.
 */
import { invariant } from '../base/invariant.js';
import type { OsdId, PgTerm, StoreNumber } from './ids.js';
import type { Member, PgRecord, ReplicationMode } from './pg-record.js';

/**
 * PGs per chunk. A changed record copies its chunk (10 KiB, some microseconds); a value copies one pointer a chunk. One
 * OSD down in 1,000 with 100,000 PGs changes 300 records in most chunks: twice the size would copy nearly everything.
 */
export const chunkPgCount = 256;

/**
 * Of acting and eligible together, so that all of them can act. Pools have 2 to 4 copies; those that move, and members
 * that were lost one by one while nobody confirmed, come on top.
 */
export const memberCountMax = 32;
export const ackCopiesMax = 255;

export interface RecordChunk {
  readonly count: number;
  /** How many have term 0. */
  readonly unbornCount: number;
  readonly terms: Float64Array;
  /** Where a record's members start; one more than records. */
  readonly starts: Uint32Array;
  readonly actingCounts: Uint8Array;
  /** 0 for sync. */
  readonly ackCopies: Uint8Array;
  readonly osds: Uint32Array;
  readonly stores: Uint32Array;
}

/** Collects the records of one chunk, in order. */
export class ChunkBuilder {
  #count = 0;
  #memberCount = 0;
  #unbornCount = 0;
  readonly #terms = new Float64Array(chunkPgCount);
  readonly #starts = new Uint32Array(chunkPgCount + 1);
  readonly #actingCounts = new Uint8Array(chunkPgCount);
  readonly #ackCopies = new Uint8Array(chunkPgCount);
  #osds = new Uint32Array(chunkPgCount * 4);
  #stores = new Uint32Array(chunkPgCount * 4);

  get count(): number {
    return this.#count;
  }

  push(record: PgRecord): void {
    const { term, acting, eligible, mode } = record;
    invariant(acting.length <= memberCountMax && eligible.length <= memberCountMax, 'lists of members are bounded');
    this.pushHead(term, acting.length, mode.kind === 'sync' ? 0 : mode.ackCopies);
    for (const member of acting) this.pushMember(member.osd, member.store);
    for (const member of eligible) this.pushMember(member.osd, member.store);
  }

  /** Its members follow by `pushMember`, acting first. */
  pushHead(term: number, actingCount: number, ackCopies: number): void {
    invariant(this.#count < chunkPgCount, 'a chunk holds so many records');
    this.#terms[this.#count] = term;
    this.#actingCounts[this.#count] = actingCount;
    this.#ackCopies[this.#count] = ackCopies;
    if (term === 0) this.#unbornCount += 1;
    this.#count += 1;
    this.#starts[this.#count] = this.#memberCount;
  }

  pushMember(osd: number, store: number): void {
    this.#reserve(1);
    this.#osds[this.#memberCount] = osd;
    this.#stores[this.#memberCount] = store;
    this.#memberCount += 1;
    this.#starts[this.#count] = this.#memberCount;
  }

  /** The records `from` to `to` - 1 of another chunk. */
  pushRange(chunk: RecordChunk, from: number, to: number): void {
    if (from >= to) return;
    invariant(to <= chunk.count && this.#count + to - from <= chunkPgCount, 'the range exists and fits');
    const firstMember = chunk.starts[from]!;
    const endMember = chunk.starts[to]!;
    this.#reserve(endMember - firstMember);
    this.#terms.set(chunk.terms.subarray(from, to), this.#count);
    this.#actingCounts.set(chunk.actingCounts.subarray(from, to), this.#count);
    this.#ackCopies.set(chunk.ackCopies.subarray(from, to), this.#count);
    this.#osds.set(chunk.osds.subarray(firstMember, endMember), this.#memberCount);
    this.#stores.set(chunk.stores.subarray(firstMember, endMember), this.#memberCount);
    const shift = this.#memberCount - firstMember;
    for (let index = from; index < to; index += 1) {
      if (chunk.terms[index] === 0) this.#unbornCount += 1;
      this.#count += 1;
      this.#starts[this.#count] = chunk.starts[index + 1]! + shift;
    }
    this.#memberCount = endMember + shift;
  }

  /** The chunk, in memory of its own; the builder is empty again. */
  finish(): RecordChunk {
    const count = this.#count;
    const chunk = allocate(count, this.#memberCount, this.#unbornCount);
    chunk.terms.set(this.#terms.subarray(0, count));
    chunk.starts.set(this.#starts.subarray(0, count + 1));
    chunk.actingCounts.set(this.#actingCounts.subarray(0, count));
    chunk.ackCopies.set(this.#ackCopies.subarray(0, count));
    chunk.osds.set(this.#osds.subarray(0, this.#memberCount));
    chunk.stores.set(this.#stores.subarray(0, this.#memberCount));
    this.#count = 0;
    this.#memberCount = 0;
    this.#unbornCount = 0;
    return chunk;
  }

  #reserve(more: number): void {
    const needed = this.#memberCount + more;
    if (needed <= this.#osds.length) return;
    const osds = new Uint32Array(needed * 2);
    osds.set(this.#osds);
    this.#osds = osds;
    const stores = new Uint32Array(needed * 2);
    stores.set(this.#stores);
    this.#stores = stores;
  }
}

/** `count` records of term 0. */
export function unbornChunk(count: number): RecordChunk {
  return allocate(count, 0, count);
}

export function recordAt(chunk: RecordChunk, index: number): PgRecord {
  const start = chunk.starts[index]!;
  const firstEligible = start + chunk.actingCounts[index]!;
  return {
    // Casts here and below: the values were checked when the record was made.
    term: chunk.terms[index]! as PgTerm,
    acting: membersOf(chunk, start, firstEligible),
    eligible: membersOf(chunk, firstEligible, chunk.starts[index + 1]!),
    mode: modeOf(chunk.ackCopies[index]!),
  };
}

/** 0 for sync. */
export function modeOf(ackCopies: number): ReplicationMode {
  return ackCopies === 0 ? { kind: 'sync' } : { kind: 'async', ackCopies };
}

function membersOf(chunk: RecordChunk, from: number, to: number): Member[] {
  const members: Member[] = [];
  for (let index = from; index < to; index += 1) {
    members.push({ osd: chunk.osds[index]! as OsdId, store: chunk.stores[index]! as StoreNumber });
  }
  return members;
}

/** All arrays share one buffer, since each buffer costs some 200 bytes besides its content. */
function allocate(count: number, memberCount: number, unbornCount: number): RecordChunk {
  const startsAt = count * 8;
  const osdsAt = startsAt + (count + 1) * 4;
  const storesAt = osdsAt + memberCount * 4;
  const countsAt = storesAt + memberCount * 4;
  const buffer = new ArrayBuffer(countsAt + count * 2);
  return {
    count,
    unbornCount,
    terms: new Float64Array(buffer, 0, count),
    starts: new Uint32Array(buffer, startsAt, count + 1),
    osds: new Uint32Array(buffer, osdsAt, memberCount),
    stores: new Uint32Array(buffer, storesAt, memberCount),
    actingCounts: new Uint8Array(buffer, countsAt, count),
    ackCopies: new Uint8Array(buffer, countsAt + count, count),
  };
}
