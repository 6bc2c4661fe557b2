/**
 * Builds an index anew from the batches that are left, in their order, with the code that replays a log. It is kept in a
 * database of its own, beside the new store, and dropped in the end: its values point into the old segments.
 */
import { isCairnError, type ErrorCode } from '../../../../base/errors.js';
import { ByteReader } from '../../../../base/byte-reader.js';
import { ByteWriter } from '../../../../base/byte-writer.js';
import { poolId, printPgId, type PgId, type PoolId } from '../../../../cluster/ids.js';
import { objectHash, pgOfHash } from '../../../../cluster/object-placement.js';
import type { Kv } from '../../../../runtime/kv.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { Draft, type StoreState } from '../../apply/draft.js';
import { MissingKeys } from '../../index/missing-keys.js';
import { Checkpointer } from '../../checkpoint/checkpointer.js';
import { payloadOwnerKey } from '../../format/index-key.js';
import { decodePayloadOwner } from '../../format/payload-owner.js';
import type { PayloadRef } from '../../format/payload-ref.js';
import type { ChunkMerge, MergedPart, MergedRun } from '../../format/chunk-merge.js';
import type { PayloadMove } from '../../format/payload-move.js';
import { Index, type FetchedValues } from '../../index/index.js';
import { readBatch, type BatchFrame, type ReadBatchOptions } from '../../log/batch-reader.js';
import type { SegmentFiles } from '../../log/segment-files.js';
import { fetchMore } from '../../apply/look.js';
import { applyFrame } from '../../log/replay.js';
import type { ObjectId } from '../../object-id.js';
import { PgTable } from '../../pg/pg-table.js';
import { SegmentTable } from '../../segments/segment-table.js';
import type { PayloadSize, Transaction } from '../../transaction.js';
import { movesOfRun, placeMove } from './place-move.js';
import type { FoundBatch } from './scan-log.js';

const readCacheBytes = 32 * 1024 * 1024;
const layerBytesMax = 32 * 1024 * 1024;

/** Keys of the rebuilt index that no store has: an object's PG, and when an object was removed. */
const pgSpace = 'z';
const removedSpace = 'y';

/** Of the disk, not of what the log says. */
const fatalCodes: ReadonlySet<ErrorCode> = new Set(['IO_ERROR', 'NO_SPACE', 'CLOSED', 'PERMISSION_DENIED']);

export interface RebuiltIndex {
  readonly state: StoreState;
  /** Which PG an object was in, when it was last changed. */
  pgOf(object: ObjectId): Promise<PgId>;
  /** Records that did not fit to what is left before them. */
  readonly refused: number;
  /** Payloads that only a move still told of. */
  readonly placedMoves: number;
  readonly appendsUnsure: number;
}

export interface RebuildOptions extends ReadBatchOptions {
  readonly segments: number;
  /** The first batch number that is missing: appends behind it may be at a wrong offset. */
  readonly firstMissing: number | undefined;
  readonly onBytes: (bytes: number) => void;
}

export async function rebuildIndex(
  runtime: Runtime,
  kv: Kv,
  files: SegmentFiles,
  batches: readonly FoundBatch[],
  options: RebuildOptions,
): Promise<RebuiltIndex> {
  const rebuild = new Rebuild(runtime, kv, options, batches);
  for (const { place, number } of batches) {
    const batch = await files.read(place.segment, (file) =>
      readBatch(file, place, { ...options, verifyPayloads: false }),
    );
    if (batch === undefined) {
      rebuild.lacks(number);
      continue;
    }
    for (const frame of batch.frames) await rebuild.add(frame, number);
    options.onBytes(batch.header.bytes);
    await rebuild.settle(number, batch.checksum);
  }
  return rebuild;
}

class Rebuild implements RebuiltIndex {
  readonly state: StoreState;
  refused = 0;
  placedMoves = 0;
  appendsUnsure = 0;
  readonly #options: RebuildOptions;
  readonly #checkpointer: Checkpointer;
  readonly #pgMax = new Map<PoolId, number>();
  /** In the order of their numbers. */
  readonly #batches: readonly FoundBatch[];
  /** Of these, those of which something could not be applied. */
  readonly #unapplied = new Set<number>();
  /** Of PGs that were split: for how many PGs of the pool, in the order in which it was done. */
  readonly #splits = new Map<string, number[]>();

  constructor(runtime: Runtime, kv: Kv, options: RebuildOptions, batches: readonly FoundBatch[]) {
    this.#options = options;
    this.#batches = batches;
    const index = new Index(kv, readCacheBytes);
    const counters = { nextShared: 1, boot: 0 };
    this.state = { index, segments: new SegmentTable(options.segments), pgs: new PgTable(index), counters };
    const heads = { hot: undefined, hotNext: undefined, cold: undefined, coldNext: undefined };
    const none = { number: 1, batch: 0, batchChecksum: 0n, heads, durableBatch: 0, boot: 0, nextShared: 1 };
    this.#checkpointer = new Checkpointer(runtime, this.state, none);
  }

  async add(frame: BatchFrame, batch: number): Promise<void> {
    const { record } = frame;
    try {
      if (record.kind === 'transaction') await this.#addTransaction(frame, record.transaction, batch);
      else if (record.kind === 'move') await this.#addMoves(frame, record.moves, batch);
      else if (record.kind === 'merge') await this.#addMerge(frame, record.merge, batch);
      // Moves that follow speak of payloads that were shared here.
      else if (record.kind === 'ahead' || record.kind === 'release') await applyFrame(this.state, frame, batch);
    } catch (error) {
      if (isCairnError(error) && fatalCodes.has(error.code)) throw error;
      // A record, or an account, that does not fit to what is left of the log before it: the rest of the log still counts.
      this.refused += 1;
      this.lacks(batch);
    }
  }

  /** The batch, or a part of it, is in nothing that was rebuilt. */
  lacks(batch: number): void {
    this.#unapplied.add(batch);
  }

  /** Keeps memory bounded. */
  async settle(number: number, checksum: bigint): Promise<void> {
    if (this.state.index.active.bytes < layerBytesMax) return;
    const heads = { hot: undefined, hotNext: undefined, cold: undefined, coldNext: undefined };
    this.#checkpointer.freeze({ number, checksum, heads });
    await this.#checkpointer.write(number);
  }

  async pgOf(object: ObjectId): Promise<PgId> {
    const stored = await this.state.index.get(`${pgSpace}${object.key}`);
    if (stored !== undefined) return this.#sinceSplit(object, new ByteReader(stored).varint('a PG'));
    // Only the cleaner spoke of it: as many PGs as the next power of two, which is what pools mostly have.
    const count = 2 ** Math.ceil(Math.log2((this.#pgMax.get(object.pool) ?? 0) + 1));
    return { pool: object.pool, pg: pgOfHash(objectHash(object.pool, object.name), count) };
  }

  /**
   * The PG that has the object by now, of one that it was written in: what was split before that leaves it where it is. One
   * step after the other, as PGs of a pool are not all split equally often.
   */
  #sinceSplit({ pool, hash }: ObjectId, writtenIn: number): PgId {
    let id: PgId = { pool, pg: writtenIn };
    for (;;) {
      const { pg } = id;
      const moved = this.#splits.get(printPgId(id))?.find((pgNum) => pgOfHash(hash, pgNum) !== pg);
      if (moved === undefined) return id;
      id = { pool, pg: pgOfHash(hash, moved) };
    }
  }

  async #addTransaction(frame: BatchFrame, transaction: Transaction<PayloadSize>, batch: number): Promise<void> {
    const { pg, entry, mutations, split } = transaction;
    const last = this.state.pgs.get(pg)?.lastSeq ?? 0;
    // The log itself is not kept; the entry is what gives objects their version.
    const cutAfter = entry !== undefined && entry.seq <= last ? { term: entry.term, seq: entry.seq - 1 } : undefined;
    const changed = { ...transaction, cutAfter, trimTo: entry?.seq };
    await applyFrame(this.state, { ...frame, record: { kind: 'transaction', transaction: changed } }, batch);
    if (split !== undefined) {
      const name = printPgId(pg);
      this.#splits.set(name, [...(this.#splits.get(name) ?? []), split.toPgNum]);
    }
    const pgMax = split === undefined ? pg.pg : split.toPgNum - 1;
    this.#pgMax.set(pg.pool, Math.max(this.#pgMax.get(pg.pool) ?? 0, pgMax));
    const { firstMissing } = this.#options;
    for (const mutation of mutations) {
      if (!('object' in mutation)) continue;
      this.state.index.put(`${pgSpace}${mutation.object.key}`, numberBytes(pg.pg));
      if (mutation.kind === 'remove') this.state.index.put(`${removedSpace}${mutation.object.key}`, numberBytes(batch));
      if (mutation.kind === 'append' && firstMissing !== undefined && batch > firstMissing) this.appendsUnsure += 1;
    }
  }

  async #addMoves(frame: BatchFrame, moves: readonly PayloadMove[], batch: number): Promise<void> {
    const known: PayloadMove[] = [];
    for (const move of moves) known.push(await this.#withOwnId(move));
    await applyFrame(this.state, { ...frame, record: { kind: 'move', moves: known } }, batch);
    for (const [i, move] of known.entries()) {
      const to = frame.payloads[i]?.ref;
      if (to !== undefined && (await this.#isAllThatIsLeft(move)) && (await this.#place(move, to, batch)))
        this.placedMoves += 1;
    }
  }

  async #addMerge(frame: BatchFrame, merge: ChunkMerge, batch: number): Promise<void> {
    const runs: MergedRun[] = [];
    for (const run of merge.runs) {
      const parts: MergedPart[] = [];
      for (const part of run.parts) {
        const id = part.sharedId === undefined ? undefined : await this.#sharedIdAt(part.payload);
        // Without one it is, for all that is known here, the payload that its object wrote.
        parts.push({ ...part, sharedId: id });
      }
      runs.push({ ...run, parts });
    }
    await applyFrame(this.state, { ...frame, record: { kind: 'merge', merge: { ...merge, runs } } }, batch);
    for (const [i, run] of runs.entries()) {
      const to = frame.payloads[i]?.ref;
      if (to === undefined) continue;
      for (const move of movesOfRun(merge, run)) {
        if ((await this.#isAllThatIsLeft(move)) && (await this.#place(move, to, batch))) this.placedMoves += 1;
      }
    }
  }

  /** Ids of shared payloads are counted anew here: which one is meant, its place tells. */
  async #withOwnId(move: PayloadMove): Promise<PayloadMove> {
    if (move.owner.kind !== 'shared') return move;
    const id = await this.#sharedIdAt(move.from);
    return id === undefined ? move : { ...move, owner: { ...move.owner, id } };
  }

  async #sharedIdAt(payload: PayloadRef): Promise<number | undefined> {
    const stored = await this.state.index.get(payloadOwnerKey(payload));
    const owner = stored === undefined ? undefined : decodePayloadOwner(stored);
    return owner?.kind === 'shared' ? owner.id : undefined;
  }

  /**
   * Nothing else tells of the payload. Where the batch that wrote it was applied, the index knows whether it is still shown:
   * a move of what was overwritten meanwhile would bring it back.
   */
  async #isAllThatIsLeft(move: PayloadMove): Promise<boolean> {
    return !this.#wasApplied(move.from.batch) && !(await this.#wasRemoved(move));
  }

  #wasApplied(batch: number): boolean {
    if (this.#unapplied.has(batch)) return false;
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#batches[middle]?.number ?? 0) < batch) low = middle + 1;
      else high = middle;
    }
    return this.#batches[low]?.number === batch;
  }

  async #wasRemoved({ from, owner }: PayloadMove): Promise<boolean> {
    if (owner.kind === 'shared') return false;
    const stored = await this.state.index.get(`${removedSpace}${owner.object.key}`);
    return stored !== undefined && new ByteReader(stored).varint('a batch number') > from.batch;
  }

  async #place(move: PayloadMove, to: PayloadRef, batch: number): Promise<boolean> {
    let fetched: FetchedValues | undefined;
    for (;;) {
      const draft = new Draft(this.state, batch, fetched);
      try {
        const placed = placeMove(draft, move, to);
        draft.commit(undefined);
        return placed;
      } catch (error) {
        if (!(error instanceof MissingKeys)) throw error;
        fetched = await fetchMore(this.state, fetched, error.keys);
      }
    }
  }
}

export function pgOfValueKey(key: string, pgOfKey: (key: string) => { pool: number; pg: number }): PgId {
  const { pool, pg } = pgOfKey(key);
  return { pool: poolId(pool), pg };
}

function numberBytes(value: number): Uint8Array {
  const writer = new ByteWriter(16);
  writer.varint(value);
  return writer.bytes();
}
