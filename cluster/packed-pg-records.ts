/**
 * `PgRecords` in chunks of typed arrays. A changed value copies the chunks that changed and shares the others:
 *
 *     before ─► pool 1 ─► [chunk, chunk, chunk]          pool 2 ─► [chunk]
 *     after  ─► pool 1 ─► [same,  copy,  same ]          same
 */
import { invariant } from '../base/invariant.js';
import type { PgId, PoolId } from './ids.js';
import type { PgRecord } from './pg-record.js';
import type { PgCursor, PgRecords } from './pg-records.js';
import { ChunkBuilder, chunkPgCount, type RecordChunk, recordAt, unbornChunk } from './record-chunk.js';

/** The most PGs of one pool: `Pool.pgNum`. */
export const pgNumMax = 65_536;

export interface PoolRecords {
  readonly pgNum: number;
  /** All but the last hold `chunkPgCount` records. */
  readonly chunks: readonly RecordChunk[];
}

export class PackedPgRecords implements PgRecords {
  readonly count: number;
  readonly poolIds: readonly PoolId[];
  readonly #pools: ReadonlyMap<PoolId, PoolRecords>;

  constructor(pools: ReadonlyMap<PoolId, PoolRecords>) {
    this.#pools = pools;
    this.poolIds = [...pools.keys()].sort((a, b) => a - b);
    let count = 0;
    for (const { pgNum } of pools.values()) count += pgNum;
    this.count = count;
  }

  pgNumOf(pool: PoolId): number | undefined {
    return this.#pools.get(pool)?.pgNum;
  }

  /** For the codec. */
  chunksOf(pool: PoolId): readonly RecordChunk[] {
    return this.#pools.get(pool)?.chunks ?? [];
  }

  get({ pool, pg }: PgId): PgRecord | undefined {
    const records = this.#pools.get(pool);
    if (records === undefined || !isPgOf(records, pg)) return undefined;
    return recordAt(chunkOf(records, pg), pg % chunkPgCount);
  }

  cursor(): PgCursor {
    const pools = this.poolIds.flatMap((id) => {
      const records = this.#pools.get(id);
      return records === undefined ? [] : [{ id, records }];
    });
    return new ChunkCursor(pools);
  }

  with(pool: PoolId, pgs: Uint32Array, records: readonly PgRecord[]): PackedPgRecords {
    const old = this.#pools.get(pool);
    invariant(old !== undefined, 'records are of a pool that exists', { pool });
    invariant(pgs.length === records.length, 'each PG has a record', { pgs: pgs.length, records: records.length });
    if (pgs.length === 0) return this;
    const chunks = [...old.chunks];
    const builder = new ChunkBuilder();
    let next = 0;
    while (next < pgs.length) {
      const chunkIndex = Math.trunc(pgs[next]! / chunkPgCount);
      const chunk = chunks[chunkIndex];
      invariant(chunk !== undefined, 'the PG is one of the pool', { pool, pg: pgs[next] });
      next = replaceRecords(builder, chunk, chunkIndex * chunkPgCount, { pgs, records, first: next });
      chunks[chunkIndex] = builder.finish();
    }
    return this.#withEntry(pool, { pgNum: old.pgNum, chunks });
  }

  withPool(pool: PoolId, pgNum: number): PackedPgRecords {
    invariant(!this.#pools.has(pool), 'the pool is new', { pool });
    invariant(Number.isInteger(pgNum) && pgNum >= 1 && pgNum <= pgNumMax, 'a pool has 1 to 65,536 PGs', { pgNum });
    const chunks: RecordChunk[] = [];
    for (let first = 0; first < pgNum; first += chunkPgCount) {
      chunks.push(unbornChunk(Math.min(chunkPgCount, pgNum - first)));
    }
    return this.#withEntry(pool, { pgNum, chunks });
  }

  withPgNum(pool: PoolId, pgNum: number): PackedPgRecords {
    const old = this.#pools.get(pool);
    invariant(old !== undefined, 'the pool has records', { pool });
    const isMore = Number.isInteger(pgNum) && pgNum >= old.pgNum && pgNum <= pgNumMax;
    invariant(isMore, 'a pool keeps its PGs, and has 65,536 at most', { pgNum });
    const chunks = old.chunks.filter(({ count }) => count === chunkPgCount);
    for (let first = chunks.length * chunkPgCount; first < pgNum; first += chunkPgCount) {
      const chunk = unbornChunk(Math.min(chunkPgCount, pgNum - first));
      const last = old.chunks[first / chunkPgCount];
      chunks.push(last === undefined ? chunk : extended(last, chunk));
    }
    return this.#withEntry(pool, { pgNum, chunks });
  }

  withoutPool(pool: PoolId): PackedPgRecords {
    if (!this.#pools.has(pool)) return this;
    const pools = new Map(this.#pools);
    pools.delete(pool);
    return new PackedPgRecords(pools);
  }

  #withEntry(pool: PoolId, records: PoolRecords): PackedPgRecords {
    return new PackedPgRecords(new Map(this.#pools).set(pool, records));
  }
}

export const emptyPgRecords: PackedPgRecords = new PackedPgRecords(new Map());

function isPgOf(records: PoolRecords, pg: number): boolean {
  return Number.isInteger(pg) && pg >= 0 && pg < records.pgNum;
}

function chunkOf(records: PoolRecords, pg: number): RecordChunk {
  return records.chunks[Math.trunc(pg / chunkPgCount)]!;
}

/** The records of `chunk`, and behind them those of `unborn` up to its count. */
function extended(chunk: RecordChunk, unborn: RecordChunk): RecordChunk {
  const builder = new ChunkBuilder();
  builder.pushRange(chunk, 0, chunk.count);
  builder.pushRange(unborn, chunk.count, unborn.count);
  return builder.finish();
}

interface Replacements {
  readonly pgs: Uint32Array;
  readonly records: readonly PgRecord[];
  /** Index of the first that falls into the chunk. */
  readonly first: number;
}

/** Fills the builder with `chunk`, whose first PG is `base`, and its replacements; returns the index after the last. */
function replaceRecords(builder: ChunkBuilder, chunk: RecordChunk, base: number, changes: Replacements): number {
  const { pgs, records } = changes;
  let done = 0;
  let next = changes.first;
  for (; next < pgs.length && pgs[next]! < base + chunkPgCount; next += 1) {
    const index = pgs[next]! - base;
    invariant(index >= done && index < chunk.count, 'the PGs ascend and are of the pool', { pg: pgs[next] });
    builder.pushRange(chunk, done, index);
    builder.push(records[next]!);
    done = index + 1;
  }
  builder.pushRange(chunk, done, chunk.count);
  return next;
}

interface CursorPool {
  readonly id: PoolId;
  readonly records: PoolRecords;
}

class ChunkCursor implements PgCursor {
  readonly #pools: readonly CursorPool[];
  /** -1 before the first PG, `#pools.length` behind the last. */
  #poolIndex = -1;
  #pg = -1;
  #pgNum = 0;
  #chunk: RecordChunk = unbornChunk(0);
  /** Of the PG in its chunk. */
  #index = -1;

  constructor(pools: readonly CursorPool[]) {
    this.#pools = pools;
  }

  get pool(): PoolId {
    const entry = this.#pools[this.#poolIndex];
    invariant(entry !== undefined, 'the cursor stands on a PG');
    return entry.id;
  }

  get pg(): number {
    return this.#pg;
  }

  get term(): number {
    return this.#chunk.terms[this.#index]!;
  }

  get actingCount(): number {
    return this.#chunk.actingCounts[this.#index]!;
  }

  get memberCount(): number {
    return this.#chunk.starts[this.#index + 1]! - this.#chunk.starts[this.#index]!;
  }

  get ackCopies(): number {
    return this.#chunk.ackCopies[this.#index]!;
  }

  osdAt(member: number): number {
    return this.#chunk.osds[this.#chunk.starts[this.#index]! + member]!;
  }

  storeAt(member: number): number {
    return this.#chunk.stores[this.#chunk.starts[this.#index]! + member]!;
  }

  record(): PgRecord {
    return recordAt(this.#chunk, this.#index);
  }

  moveTo(pool: PoolId, pg: number): boolean {
    const poolIndex = this.#pools.findIndex(({ id }) => id === pool);
    const entry = this.#pools[poolIndex];
    if (entry === undefined || !isPgOf(entry.records, pg)) return false;
    this.#poolIndex = poolIndex;
    this.#pgNum = entry.records.pgNum;
    this.#pg = pg;
    this.#chunk = chunkOf(entry.records, pg);
    this.#index = pg % chunkPgCount;
    return true;
  }

  next(): boolean {
    if (this.#index + 1 < this.#chunk.count) {
      this.#index += 1;
      this.#pg += 1;
      return true;
    }
    return this.#nextChunk();
  }

  nextMarked(marks: Uint8Array, scanMax: number): 'found' | 'paused' | 'end' {
    for (let scanned = 0; scanned < scanMax; scanned += 1) {
      if (!this.next()) return 'end';
      const { starts, osds } = this.#chunk;
      const end = starts[this.#index + 1]!;
      for (let member = starts[this.#index]!; member < end; member += 1) {
        if (marks[osds[member]!]) return 'found';
      }
    }
    return 'paused';
  }

  nextUnborn(scanMax: number): 'found' | 'paused' | 'end' {
    for (let scanned = 0; scanned < scanMax; scanned += 1) {
      if (this.#chunk.unbornCount === 0 && this.#index >= 0) this.#skipChunk();
      if (!this.next()) return 'end';
      if (this.term === 0) return 'found';
    }
    return 'paused';
  }

  /** To the last PG of this chunk. */
  #skipChunk(): void {
    this.#pg += this.#chunk.count - 1 - this.#index;
    this.#index = this.#chunk.count - 1;
  }

  #nextChunk(): boolean {
    let poolIndex = this.#poolIndex;
    let pg = this.#pg + 1;
    if (pg >= this.#pgNum) {
      poolIndex += 1;
      pg = 0;
    }
    const entry = this.#pools[poolIndex];
    // Behind the last PG the cursor stays on it, so that it keeps saying so.
    return entry !== undefined && this.moveTo(entry.id, pg);
  }
}
