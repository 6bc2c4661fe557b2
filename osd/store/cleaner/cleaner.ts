/**
 * Wins room back: copies what is still in use of a mostly dead segment into the cold end of the log. The copies take effect
 * by a record "if still at A" in the same order as all transactions, so replay decides each one the same way; the segment is
 * recycled when nothing in it is live and a checkpoint covers that.
 */
import { ByteWriter } from '../../../base/byte-writer.js';
import { CairnError, isCairnError, toCairnError } from '../../../base/errors.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { applyMoves } from '../apply/apply-moves.js';
import { Draft, type StoreState } from '../apply/draft.js';
import { MissingKeys } from '../index/missing-keys.js';
import { fetchMore, look } from '../apply/look.js';
import { storedBytes } from '../format/payload-ref.js';
import type { PayloadMove } from '../format/payload-move.js';
import { writeMoveRecord } from '../format/record.js';
import type { FetchedValues } from '../index/index.js';
import { bodyBlockShift, pageBytes, transactionBytesIn } from '../limits.js';
import { readBatch, type ReadBatch } from '../log/batch-reader.js';
import type { LogWriter } from '../log/log-writer.js';
import { frameOverheadBytes, pagesOf, type FramePayload } from '../log/open-batch.js';
import type { SegmentFiles } from '../log/segment-files.js';
import type { PayloadReader } from '../read/payload-reader.js';
import type { Space } from '../space/space.js';
import { payloadOf } from '../transaction.js';
import { TimeSlices } from '../time-slices.js';
import { AppendedPayloads } from './appended-payloads.js';
import { chooseVictim } from './choose-victim.js';
import { loggedPayloads, movesOf, ownerKeys } from './live-payloads.js';

/** Written at a time, if it is more than one payload: a client's batch waits for one such write at most. */
const copiedBytesMax = 256 * 1024;

/** Owners that are asked for in one go. */
const lookedUpTogether = 256;

export interface CleanerParts {
  readonly runtime: Runtime;
  readonly state: StoreState;
  readonly writer: LogWriter;
  readonly files: SegmentFiles;
  readonly payloads: PayloadReader;
  readonly space: Space;
  readonly storeSeed: bigint;
  readonly segmentBytes: number;
  readonly bytesPerSecond: number;
  /** Clients wait for room: no pause between copies. */
  readonly isUrgent: () => boolean;
  /** A segment was emptied: a checkpoint makes it free. */
  readonly onCleaned: () => void;
  readonly isStopped: () => boolean;
}

export interface CleanerCounts {
  readonly segments: number;
  readonly movedBytes: number;
  /** Payloads and pages that could not be read, and so stay where they are. */
  readonly unreadable: number;
}

interface Copy {
  readonly move: PayloadMove;
  readonly payload: FramePayload;
}

export class Cleaner {
  readonly #parts: CleanerParts;
  readonly #encoder = new ByteWriter(1024);
  /** What could not be emptied, and how much was live then: not tried again before something in it died. */
  readonly #stuck = new Map<number, number>();
  #running: Promise<void> | undefined;
  #segments = 0;
  #movedBytes = 0;
  #unreadable = 0;

  constructor(parts: CleanerParts) {
    this.#parts = parts;
  }

  get counts(): CleanerCounts {
    return { segments: this.#segments, movedBytes: this.#movedBytes, unreadable: this.#unreadable };
  }

  /** Whether cleaning goes on, or would win something. */
  get canClean(): boolean {
    return this.#running !== undefined || this.#choose() !== undefined;
  }

  /** Starts cleaning when it is needed; returns at once. Rejects nowhere: a failing log stops the store by itself. */
  kick(): void {
    if (this.#running !== undefined || this.#parts.isStopped() || !this.#parts.space.isShort) return;
    this.#running = this.#run().then(
      () => {
        this.#running = undefined;
      },
      (error: unknown) => {
        this.#running = undefined;
        if (this.#parts.isStopped()) return;
        this.#parts.runtime.log.error({ error: toCairnError(error).message }, 'cleaning failed');
      },
    );
  }

  /** Resolves when nothing is being cleaned. */
  async stopped(): Promise<void> {
    await this.#running;
  }

  /** Empties one segment, whether or not room is short. For tests and tools. */
  async clean(segment: number): Promise<void> {
    await this.#cleanSegment(segment);
    this.#parts.onCleaned();
  }

  async #run(): Promise<void> {
    while (this.#parts.space.isShort && !this.#parts.isStopped()) {
      const victim = this.#choose();
      if (victim === undefined) return;
      await this.#cleanSegment(victim);
      this.#parts.onCleaned();
    }
  }

  #choose(): number | undefined {
    const { state, space, segmentBytes, writer } = this.#parts;
    return chooseVictim(state.segments, {
      segmentBytes,
      newestBatch: writer.position.number,
      isGreedy: space.freeSegments <= space.reserved,
      mayClean: (segment) => this.#stuck.get(segment) !== state.segments.info(segment).liveBytes,
    });
  }

  async #cleanSegment(segment: number): Promise<void> {
    const { state, files } = this.#parts;
    const { generation, lastBatch } = state.segments.info(segment);
    // Its batches may be under way still.
    await this.#parts.writer.durable(Math.min(lastBatch, this.#parts.writer.position.number));
    files.pin(segment);
    try {
      await this.#copyLive(segment, generation);
    } finally {
      files.unpin(segment);
    }
    const { liveBytes } = state.segments.info(segment);
    if (liveBytes > 0) this.#stuck.set(segment, liveBytes);
    else this.#stuck.delete(segment);
    this.#segments += 1;
  }

  async #copyLive(segment: number, generation: number): Promise<void> {
    const { state } = this.#parts;
    let copies: Copy[] = [];
    let bytes = 0;
    let frame = frameOverheadBytes + moveCountBytes;
    let offset = pageBytes;
    const slices = new TimeSlices(this.#parts.runtime.clock, 1);
    const appended = new AppendedPayloads(state, segment, slices);
    while (offset < state.segments.info(segment).usedBytes && state.segments.info(segment).liveBytes > 0) {
      const batch = await this.#readBatch(segment, generation, offset);
      if (batch === undefined) {
        // Rot in a record: what it holds stays; the next batch may begin at any page.
        offset += pageBytes;
        continue;
      }
      for (const move of await this.#movesOf(batch, appended, slices)) {
        const copy = await this.#read(move, batch);
        if (copy === undefined) continue;
        if (copies.length > 0 && this.#isEnough(frame, logBytesOf(copy, copies.at(-1)))) {
          await this.#write(copies, bytes);
          copies = [];
          bytes = 0;
          frame = frameOverheadBytes + moveCountBytes;
        }
        frame += logBytesOf(copy, copies.at(-1));
        copies.push(copy);
        bytes += move.bytes;
        if (this.#parts.isStopped()) return;
      }
      offset += pagesOf(batch.header.bytes);
    }
    if (copies.length > 0) await this.#write(copies, bytes);
  }

  /**
   * Whether a copy of `added` bytes in the log goes into a batch of its own: those before are many, or it would not fit where
   * there is room for some. What counts is the whole frame: of tiny payloads, the records are nearly all of it.
   */
  #isEnough(frame: number, added: number): boolean {
    if (frame + added > Math.min(copiedBytesMax, transactionBytesIn(this.#parts.segmentBytes))) return true;
    const room = this.#parts.writer.coldRoom();
    return frame <= room && frame + added > room;
  }

  async #readBatch(segment: number, generation: number, offset: number): Promise<ReadBatch | undefined> {
    const { files, storeSeed, segmentBytes } = this.#parts;
    const options = { storeSeed, segmentBytes, verifyPayloads: false };
    try {
      return await files.read(segment, (file) => readBatch(file, { segment, generation, offset }, options));
    } catch (error) {
      // A bad sector, or a file that is gone: what it holds stays, and other segments are cleaned.
      if (!isCairnError(error, 'IO_ERROR') && !isCairnError(error, 'NOT_FOUND')) throw error;
      this.#unreadable += 1;
      this.#parts.runtime.log.error({ error: error.message }, 'the cleaner leaves what it cannot read');
      return undefined;
    }
  }

  async #movesOf(batch: ReadBatch, appended: AppendedPayloads, slices: TimeSlices): Promise<PayloadMove[]> {
    const { state } = this.#parts;
    const payloads = batch.frames.flatMap(loggedPayloads);
    const moves: PayloadMove[] = [];
    for (let done = 0; done < payloads.length; done += lookedUpTogether) {
      const some = payloads.slice(done, done + lookedUpTogether);
      const likely = (): Set<string> => new Set(some.flatMap(ownerKeys));
      // The first that misses a key has those of all others fetched as well.
      for (const payload of some) {
        const { writer } = payload;
        if (writer.kind === 'data' && writer.offset === undefined) await appended.find(writer.object);
        moves.push(...(await look(state, 0, (draft) => movesOf(draft, payload, appended), likely)));
        await slices.pass();
      }
    }
    return moves;
  }

  /** `undefined` for what cannot be read: it stays where it is, for another replica to repair. */
  async #read(move: PayloadMove, batch: ReadBatch): Promise<Copy | undefined> {
    const { from, skip, bytes, owner } = move;
    const ownerSeed = owner.kind === 'shared' ? owner.owner : owner.object.owner;
    try {
      const range = { payload: from, owner: ownerSeed, skip, bytes };
      const known = { start: batch.header.place.offset, bytes: batch.bytes };
      const data = await this.#parts.payloads.read(range, () => 'cleaning', { known });
      const blockShift = owner.kind === 'body' ? bodyBlockShift : from.blockShift;
      return { move, payload: { payload: payloadOf(data), blockShift, owner: ownerSeed } };
    } catch (error) {
      if (!isCairnError(error, 'CORRUPT') && !isCairnError(error, 'IO_ERROR')) throw error;
      this.#unreadable += 1;
      this.#parts.runtime.log.error({ error: error.message }, 'the cleaner leaves what it cannot read');
      return undefined;
    }
  }

  async #write(copies: readonly Copy[], bytes: number): Promise<void> {
    const number = await this.#append(copies);
    this.#movedBytes += bytes;
    await this.#parts.writer.durable(number);
    const { runtime, bytesPerSecond, isUrgent } = this.#parts;
    if (!isUrgent()) await runtime.clock.sleep((1_000 * bytes) / bytesPerSecond);
  }

  /** Returns the batch that the copies are in. */
  async #append(copies: readonly Copy[]): Promise<number> {
    const { state, writer, runtime } = this.#parts;
    const moves = copies.map(({ move }) => move);
    const payloads = copies.map(({ payload }) => payload);
    this.#encoder.clear();
    writeMoveRecord(this.#encoder, moves);
    const record = this.#encoder.bytes();
    const stored = storedBytesOf(payloads);
    let fetched: FetchedValues | undefined;
    for (;;) {
      if (this.#parts.isStopped()) throw new CairnError('CLOSED', 'the store is closing');
      const batch = writer.place(frameOverheadBytes + record.byteLength + stored, true);
      if (batch === undefined) {
        await runtime.clock.sleep(1);
        continue;
      }
      const draft = new Draft(state, batch.number, fetched);
      try {
        applyMoves(draft, moves, batch.placesOf(record.byteLength, payloads));
      } catch (error) {
        if (!(error instanceof MissingKeys)) throw error;
        fetched = await fetchMore(state, fetched, error.keys);
        continue;
      }
      draft.commit(undefined);
      batch.add(record, payloads);
      writer.kick();
      return batch.number;
    }
  }
}

function storedBytesOf(payloads: readonly FramePayload[]): number {
  return payloads.reduce((sum, { payload, blockShift }) => sum + storedBytes(payload.bytes, blockShift), 0);
}

/** Kind of the record and count of its moves, at most. */
const moveCountBytes = 16;

/** At most: the record of a move has a key or two, and a few numbers; that of the same object as the one before, one less. */
function logBytesOf({ move: { owner }, payload }: Copy, before: Copy | undefined): number {
  const stored = storedBytesOf([payload]);
  if (owner.kind === 'shared') return stored + 64;
  const key = owner.kind === 'body' ? owner.key.length : 16 * owner.extents.length;
  const last = before?.move.owner;
  const isNamed = last !== undefined && last.kind !== 'shared' && last.object.key === owner.object.key;
  return stored + 96 + (isNamed ? 0 : owner.object.key.length) + key;
}
