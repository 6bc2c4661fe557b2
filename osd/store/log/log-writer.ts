/**
 * The end of the log: forms batches, numbers them, writes one at a time.
 *
 * A batch is sealed as soon as none is being written, so an idle store adds no wait, and what arrives during a write shares
 * the next one. A header names the places where the next batch may be; the log goes to a place only once a sealed header
 * names it, and where none does, an empty batch is written that does. The last page of a segment is kept for that.
 */
import { invariant } from '../../../base/invariant.js';
import { CairnError, toCairnError } from '../../../base/errors.js';
import type { DiskFile } from '../../../runtime/disk.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { batchHeaderBytes, headNames, type BatchPlace, type LogHeads } from '../format/batch-header.js';
import { batchBytesMax, pageBytes } from '../limits.js';
import type { SegmentTable } from '../segments/segment-table.js';
import { OpenBatch, pagesOf } from './open-batch.js';
import type { SegmentFiles } from './segment-files.js';
import { SlabPool } from './slabs.js';

/** The cleaner's batches are small, so that a client's batch never waits long behind one. */
export const coldBatchBytesMax = 512 * 1024;

/**
 * A batch is written at once, although more may come in this turn, when it has come to half of the one before, and to so
 * much at least, which is worth a write. Else the transactions of many callers, once they are in one batch, ride in one for
 * ever, and disk and processor take turns: 64 callers of 4 KiB each, at a batch's end all answered, all began the next one.
 */
const earlyShare = 0.5;
const earlyBytesMin = 32 * 1024;

export interface LogPosition {
  /** Of the last batch in the log. */
  readonly number: number;
  readonly checksum: bigint;
  readonly heads: LogHeads;
}

export interface LogWriterOptions {
  readonly storeSeed: bigint;
  readonly segmentBytes: number;
  readonly position: LogPosition;
  /** A segment whose header is durable, to go on in; `undefined` when none is ready. */
  readonly takeSegment: () => BatchPlace | undefined;
  /** The log went to this segment: it begins its life. */
  readonly onBegan: (segment: number) => void;
  /** The batch's bytes are fixed; what follows is another batch's. */
  readonly onSealed: (position: LogPosition) => void;
  /** All batches up to this one are durable. */
  readonly onDurable: (batch: OpenBatch) => void;
  /** A write failed: nothing is written any more. */
  readonly onFailed: (error: CairnError) => void;
}

interface SealedBatch {
  readonly batch: OpenBatch;
  readonly bytes: Uint8Array;
}

export class LogWriter {
  readonly #runtime: Runtime;
  readonly #options: LogWriterOptions;
  readonly #files: SegmentFiles;
  readonly #table: SegmentTable;
  readonly #slabs: SlabPool;
  #heads: LogHeads;
  /** As the last sealed header has them. */
  #named: LogHeads;
  #number: number;
  #checksum: bigint;
  #open: OpenBatch | undefined;
  readonly #sealed: SealedBatch[] = [];
  #writing: SealedBatch | undefined;
  #isScheduled = false;
  /** The write under way; never rejects. */
  #inFlight: Promise<void> | undefined;
  // Made once: a batch may be one small transaction, and each thing made for it a part of what that costs.
  readonly #afterWrite = (): void => this.#onWritten();
  readonly #afterFailure = (error: unknown): void => this.#onFailed(error);
  readonly #atTurnsEnd = (): void => {
    this.#isScheduled = false;
    this.#writeNext();
  };
  #failed: CairnError | undefined;
  #pendingBytes = 0;
  /** Of the batch that was sealed last. */
  #lastBytes = 0;
  readonly #whenIdle: (() => void)[] = [];
  #durableNumber: number;
  #waiters: { readonly number: number; readonly resolve: () => void; readonly reject: (error: CairnError) => void }[] =
    [];

  constructor(runtime: Runtime, options: LogWriterOptions, files: SegmentFiles, table: SegmentTable) {
    this.#runtime = runtime;
    this.#options = options;
    this.#slabs = new SlabPool(runtime.memory);
    this.#files = files;
    this.#table = table;
    this.#heads = options.position.heads;
    this.#named = options.position.heads;
    this.#number = options.position.number;
    this.#durableNumber = options.position.number;
    this.#checksum = options.position.checksum;
  }

  /**
   * Behind the last sealed batch. The heads are those of now: the log may have left a segment since, which may be recycled
   * before another batch says so.
   */
  get position(): LogPosition {
    return { number: this.#number, checksum: this.#checksum, heads: this.#heads };
  }

  /** Number of the batch that a frame added now is in. */
  get nextNumber(): number {
    return this.#number + 1;
  }

  /** Bytes that are not durable yet. */
  get pendingBytes(): number {
    return this.#pendingBytes + (this.#open?.bytes ?? 0);
  }

  /** A batch with room for a frame of so many bytes; `undefined` while no segment is ready for it. */
  place(frameBytes: number, isCold = false): OpenBatch | undefined {
    const open = this.#open;
    if (open !== undefined) {
      const limit = isCold ? coldBatchBytesMax : batchBytesMax;
      const isFull = open.frames > 0 && open.bytes + frameBytes > limit;
      if (open.isCold === isCold && !isFull && this.#fits(open.place, open.bytes + frameBytes)) return open;
      if (open.frames > 0) this.#seal(open);
      else open.release();
      this.#open = undefined;
    }
    const bytesMax = this.#options.segmentBytes - 2 * pageBytes;
    invariant(batchHeaderBytes + frameBytes <= bytesMax, 'a batch fits a segment', { frameBytes, bytesMax });
    const place = this.#choose(isCold, batchHeaderBytes + frameBytes);
    if (place === undefined) return undefined;
    this.#open = this.#newBatch(place, isCold);
    return this.#open;
  }

  /** Bytes of a frame that the cold segment takes in a batch of its own; 0 when the log has to go to another. */
  coldRoom(): number {
    const { cold } = this.#heads;
    const start = this.#open?.isCold === true && this.#open.frames > 0 ? pagesOf(this.#open.bytes) : 0;
    if (cold === undefined) return 0;
    return Math.max(0, this.#options.segmentBytes - pageBytes - cold.offset - start - batchHeaderBytes);
  }

  /** Frames were added: they are written as soon as it can be. */
  kick(): void {
    if (this.#writing !== undefined || this.#failed !== undefined) return;
    if (this.#open !== undefined && this.#open.bytes >= Math.max(earlyBytesMin, earlyShare * this.#lastBytes)) {
      this.#writeNext();
      return;
    }
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#runtime.clock.nextTurn(this.#atTurnsEnd);
  }

  /**
   * Seals the batch that is open, so that a checkpoint can be at its end: if it has frames, or if it is the first to say
   * that the log left a segment, which is not free before.
   */
  sealOpen(): void {
    if (this.#open !== undefined && (this.#open.frames > 0 || this.#heads !== this.#named)) this.#seal(this.#open);
    this.kick();
  }

  /** Copies log bytes that are not durable yet into `target`; false when they are in no pending batch. */
  readPending(target: Uint8Array, segment: number, offset: number): boolean {
    const holder = this.#holder(segment, offset);
    holder?.read(target, offset);
    return holder !== undefined;
  }

  /** Resolves when the batch is durable. */
  async durable(number: number): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    if (number <= this.#durableNumber) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ number, resolve, reject });
    });
  }

  /** Resolves when everything added so far is durable. */
  async idle(): Promise<void> {
    this.#throwIfFailed();
    if (this.#writing === undefined && this.#sealed.length === 0 && (this.#open?.frames ?? 0) === 0) return;
    this.kick();
    await new Promise<void>((resolve) => {
      this.#whenIdle.push(resolve);
    });
    this.#throwIfFailed();
  }

  /** No further batch is written, nor told to be durable; one may be under way still, see `stopped`. */
  stop(error: CairnError): void {
    if (this.#failed !== undefined) return;
    this.#failed = error;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }

  /** Once stopped: resolves when nothing touches the log any more. */
  async stopped(): Promise<void> {
    await this.#inFlight;
  }

  /** Whether frames were added that are in no sealed batch: here is no place to cut the index in two. */
  get hasOpenFrames(): boolean {
    return (this.#open?.frames ?? 0) > 0;
  }

  #throwIfFailed(): void {
    if (this.#failed !== undefined) throw this.#failed;
  }

  #holder(segment: number, offset: number): OpenBatch | undefined {
    if (this.#open?.holds(segment, offset) === true) return this.#open;
    if (this.#writing?.batch.holds(segment, offset) === true) return this.#writing.batch;
    return this.#sealed.find(({ batch }) => batch.holds(segment, offset))?.batch;
  }

  /** Where a batch of so many bytes goes. */
  #choose(isCold: boolean, bytes: number): BatchPlace | undefined {
    const current = isCold ? this.#heads.cold : this.#heads.hot;
    if (current !== undefined && this.#fits(current, bytes)) {
      return this.#isNamed(current) || this.#name() ? this.#current(isCold) : undefined;
    }
    const next = (isCold ? this.#heads.coldNext : this.#heads.hotNext) ?? this.#options.takeSegment();
    if (next === undefined) return undefined;
    this.#heads = isCold ? { ...this.#heads, coldNext: next } : { ...this.#heads, hotNext: next };
    if (!this.#isNamed(next) && !this.#name()) return undefined;
    this.#goTo(isCold, next);
    return next;
  }

  #current(isCold: boolean): BatchPlace | undefined {
    return isCold ? this.#heads.cold : this.#heads.hot;
  }

  #goTo(isCold: boolean, next: BatchPlace): void {
    const heads = isCold
      ? { ...this.#heads, cold: next, coldNext: undefined }
      : { ...this.#heads, hot: next, hotNext: undefined };
    moveHeads(this.#table, this.#heads, heads, this.nextNumber);
    const left = isCold ? this.#heads.cold : this.#heads.hot;
    if (left !== undefined) this.#files.finishWriting(left.segment);
    this.#heads = heads;
    this.#options.onBegan(next.segment);
  }

  /** Writes an empty batch whose header names all heads as they are. False when no place is left for one. */
  #name(): boolean {
    if (this.#heads.hotNext === undefined) this.#heads = { ...this.#heads, hotNext: this.#options.takeSegment() };
    const { hot, cold } = this.#heads;
    const isSafe = this.#heads.hotNext !== undefined;
    const place = [hot, cold].find((candidate) => {
      if (candidate === undefined || !this.#isNamed(candidate)) return false;
      const left = this.#options.segmentBytes - candidate.offset;
      return left >= 2 * pageBytes || (left >= pageBytes && isSafe);
    });
    if (place === undefined) return false;
    this.#seal(this.#newBatch(place, place === cold));
    return true;
  }

  #isNamed(place: BatchPlace): boolean {
    return headNames.some((name) => isSamePlace(this.#named[name], place));
  }

  #fits(place: BatchPlace, bytes: number): boolean {
    return pagesOf(place.offset + bytes) + pageBytes <= this.#options.segmentBytes;
  }

  #newBatch(place: BatchPlace, isCold: boolean): OpenBatch {
    const { storeSeed } = this.#options;
    return new OpenBatch({ storeSeed, number: this.nextNumber, place, isCold, slabs: this.#slabs });
  }

  #seal(batch: OpenBatch): void {
    invariant(batch.number === this.nextNumber, 'batches are numbered consecutively', { number: batch.number });
    const { place, isCold } = batch;
    const after = { ...place, offset: place.offset + batch.pagedBytes };
    this.#heads = isCold ? { ...this.#heads, cold: after } : { ...this.#heads, hot: after };
    if (this.#heads.hotNext === undefined) this.#heads = { ...this.#heads, hotNext: this.#options.takeSegment() };
    const { bytes, checksum } = batch.seal(this.#checksum, this.#heads);
    this.#number = batch.number;
    this.#checksum = checksum;
    this.#named = this.#heads;
    this.#open = undefined;
    this.#table.wrote(place.segment, batch.number, after.offset);
    this.#sealed.push({ batch, bytes });
    this.#pendingBytes += batch.bytes;
    this.#lastBytes = batch.bytes;
    this.#options.onSealed(this.position);
    this.kick();
  }

  #writeNext(): void {
    if (this.#writing !== undefined || this.#failed !== undefined) return;
    if (this.#sealed.length === 0 && this.#open !== undefined && this.#open.frames > 0) this.#seal(this.#open);
    const batch = this.#sealed.shift();
    if (batch === undefined) {
      if (this.#whenIdle.length === 0) return;
      for (const resolve of this.#whenIdle.splice(0)) resolve();
      return;
    }
    this.#writing = batch;
    this.#inFlight = this.#write(batch).then(this.#afterWrite, this.#afterFailure);
  }

  #write(sealed: SealedBatch): Promise<void> {
    const { segment } = sealed.batch.place;
    // Without a wait where it can be: one would only end when everything else of this turn is done.
    const file = this.#files.openForWriting(segment);
    if (file !== undefined) return writeBatch(file, sealed);
    return this.#files.forWriting(segment).then((opened) => writeBatch(opened, sealed));
  }

  #onWritten(): void {
    // Nobody is told any more, and reads find it where it was.
    if (this.#failed !== undefined) return;
    invariant(this.#writing !== undefined, 'a batch was written');
    const { batch } = this.#writing;
    this.#writing = undefined;
    this.#pendingBytes -= batch.bytes;
    this.#files.closeFinished((segment) => this.#sealed.some(({ batch: other }) => other.place.segment === segment));
    this.#durableNumber = batch.number;
    batch.release();
    this.#options.onDurable(batch);
    if (this.#waiters.length > 0) this.#settleWaiters();
    this.#writeNext();
  }

  #onFailed(error: unknown): void {
    if (this.#failed !== undefined) return;
    const cause = toCairnError(error);
    const message = `the log could not be written (${cause.message}); the store takes no more changes`;
    this.stop(new CairnError('IO_ERROR', message, { cause, applied: 'maybe' }));
    this.#options.onFailed(this.#failed ?? cause);
  }

  #settleWaiters(): void {
    for (const { number, resolve } of this.#waiters) if (number <= this.#durableNumber) resolve();
    this.#waiters = this.#waiters.filter(({ number }) => number > this.#durableNumber);
  }
}

function writeBatch(file: DiskFile, { batch, bytes }: SealedBatch): Promise<void> {
  return file.write(bytes, batch.place.offset);
}

/**
 * Brings the segment table from one batch's heads to those of `batch`, the next: segments are left, and others begun. A
 * segment that is left counts as used up to `batch`: until that is durable, a restart looks for it there.
 */
export function moveHeads(table: SegmentTable, from: LogHeads, to: LogHeads, batch: number): void {
  for (const [name, state] of [
    ['hot', 'hot'],
    ['cold', 'cold'],
  ] as const) {
    const [old, now] = [from[name], to[name]];
    if (old?.segment === now?.segment && old?.generation === now?.generation) continue;
    if (old !== undefined) table.close(old.segment, batch);
    if (now !== undefined) table.begin(now.segment, state, now.generation);
  }
}

export function isSamePlace(a: BatchPlace | undefined, b: BatchPlace | undefined): boolean {
  return a?.segment === b?.segment && a?.generation === b?.generation && a?.offset === b?.offset;
}
