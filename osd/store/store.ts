/**
 * A store: one disk's objects. One log, one sync for each batch; the log is the truth (DESIGN.md section 6).
 *
 *     submit ──► queue ──► log writer ──► segments
 *                  │ applies to
 *                  ▼
 *                index: layers in memory ──► checkpoint ──► LevelDB
 *                  ▲
 *     reads ───────┘ where the bytes are ──► segments, or the batch that is under way
 */
import { CairnError, toCairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import type { PgId } from '../../cluster/ids.js';
import type { Timer } from '../../runtime/clock.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { StoreState } from './apply/draft.js';
import { BulkWorker, type BulkCounts } from './bulk/bulk-worker.js';
import { Cleaner, type CleanerCounts } from './cleaner/cleaner.js';
import { Checkpointer } from './checkpoint/checkpointer.js';
import { showUuid, storeSeed, type Superblock } from './format/superblock.js';
import type { Absence } from './index/absence.js';
import { transactionBytesIn } from './limits.js';
import { LogWriter, type LogPosition } from './log/log-writer.js';
import { addBoot } from './log/add-boot.js';
import type { SegmentFiles } from './log/segment-files.js';
import { Merger, type MergerCounts } from './merger/merger.js';
import type { PackedEntry } from './pg/log-block.js';
import { readPackedLog, readPgLog, type PgLogPage } from './pg/read-log.js';
import { type LogBounds, noBounds, type PgCounts } from './pg/pg-state.js';
import { ObjectReader } from './read/object-reader.js';
import type { PayloadCacheCounts } from './read/payload-cache.js';
import { PayloadReader } from './read/payload-reader.js';
import { SegmentPool } from './segments/segment-pool.js';
import type { Ballast } from './space/ballast.js';
import { RoomMaker } from './space/room-maker.js';
import { Space, type SpaceReport } from './space/space.js';
import type { ResolvedStoreOptions, SpaceLevel } from './store-options.js';
import type { StoreParts } from './store-parts.js';
import { TransactionQueue, type Submitted } from './transaction-queue.js';
import type { Transaction } from './transaction.js';

/** No segment is ready for the log to go on in: one is being prepared. */
const placeRetryMs = 5;

export class Store {
  readonly superblock: Superblock;
  readonly objects: ObjectReader;
  /** Batches that were in the log behind the last checkpoint when the store was opened. */
  readonly replayedBatches: number;
  readonly #runtime: Runtime;
  readonly #payloads: PayloadReader;
  readonly #options: ResolvedStoreOptions;
  readonly #state: StoreState;
  readonly #files: SegmentFiles;
  readonly #pool: SegmentPool;
  readonly #writer: LogWriter;
  readonly #queue: TransactionQueue;
  readonly #space: Space;
  readonly #checkpointer: Checkpointer;
  readonly #cleaner: Cleaner;
  readonly #merger: Merger;
  readonly #bulk: BulkWorker;
  readonly #absence: Absence;
  readonly #ballast: Ballast;
  readonly #roomMaker: RoomMaker;
  #durableBatch: number;
  #lastFreezeAt: number;
  #timer: Timer | undefined;
  #checkpointing: Promise<void> | undefined;
  #failed: CairnError | undefined;
  #closing: Promise<void> | undefined;
  #wantsCheckpoint = false;

  constructor(runtime: Runtime, parts: StoreParts) {
    const { superblock, options, state, files, position } = parts;
    this.#runtime = runtime;
    this.superblock = superblock;
    this.replayedBatches = parts.replayedBatches;
    this.#options = options;
    this.#state = state;
    this.#files = files;
    this.#absence = parts.absence;
    this.#ballast = parts.ballast;
    this.#durableBatch = position.number;
    this.#lastFreezeAt = runtime.clock.now();
    this.#checkpointer = new Checkpointer(runtime, state, parts.checkpoint, parts.ballast, options.layerBytesMax);
    this.#pool = this.#makePool(position);
    this.#space = new Space(state.segments, this.#pool, superblock.segmentBytes, options, {
      canClean: () => this.#cleaner.canClean || this.#bulk.isReleasing,
      isReleasing: () => this.#bulk.isReleasing,
      isFileSystemFull: () => parts.ballast.isGivenUp,
    });
    this.#writer = this.#makeWriter(position);
    this.#bulk = this.#makeBulk();
    this.#queue = this.#makeQueue();
    const { readsMax, payloadCacheBytes: cacheBytes } = options;
    const payloads = new PayloadReader(files, this.#writer, storeSeed(superblock), { readsMax, cacheBytes });
    this.#payloads = payloads;
    this.objects = new ObjectReader(state, payloads);
    this.#cleaner = this.#makeCleaner(payloads);
    this.#merger = this.#makeMerger(payloads);
    this.#roomMaker = this.#makeRoomMaker();
    this.#space.recount();
    this.#pool.prepare();
    this.#bulk.start();
    this.#watchAge();
  }

  get uuid(): string {
    return showUuid(this.superblock.uuid);
  }

  /** How often the store was opened, this time included, and `raiseBoot` called: each value belongs to one attempt to register. */
  get boot(): number {
    return this.#state.counters.boot;
  }

  /**
   * The next value of `boot`, for a process that registers once more; durable when it resolves. Works on a full store: a
   * counter takes no room to speak of, and an OSD that is full has to come back as well. Errors: those of the store.
   */
  async raiseBoot(): Promise<number> {
    for (;;) {
      this.#throwIfFailed();
      if (this.#closing !== undefined) throw new CairnError('CLOSED', 'the store is closing');
      const added = addBoot(this.#runtime, this.#state, this.#writer);
      if (added !== undefined) {
        await this.#writer.durable(added.batch);
        return added.boot;
      }
      this.#hurry();
      await this.#runtime.clock.sleep(placeRetryMs);
    }
  }

  /**
   * All of it or nothing, in the order of the calls within a PG. Reads see it as soon as it is applied, mostly at once.
   * Throws `INVALID_ARGUMENT`, `OVERLOADED`, `CLOSED`; rejects with `NO_SPACE` before anything is written, or with
   * `IO_ERROR` (`applied: 'maybe'`) when the disk failed: then the store is done for.
   */
  submit(transaction: Transaction): Submitted {
    return this.#queue.submit(transaction);
  }

  /** `submit`, for callers that only want it durable. */
  async apply(transaction: Transaction): Promise<void> {
    await this.submit(transaction).durable;
  }

  /** The PGs that the store has anything of. */
  pgs(): PgId[] {
    return this.#state.pgs.all().map(({ pg }) => pg);
  }

  counts(pg: PgId): PgCounts {
    const record = this.#state.pgs.get(pg)?.record;
    return { objects: record?.objects ?? 0, bytes: record?.bytes ?? 0 };
  }

  /** Where a PG's log begins and ends: entries behind `trimmedTo` up to `lastSeq` are there. Nothing of the PG: `noBounds` itself. */
  logBounds(pg: PgId): LogBounds {
    return this.#state.pgs.get(pg)?.bounds ?? noBounds;
  }

  /** Entries of a PG's log behind `afterSeq`, oldest first, about a block at a time; none at the end. */
  readLog(pg: PgId, afterSeq: number): Promise<PgLogPage> {
    return readPgLog(this.#state, pg, afterSeq);
  }

  /** One of the newest 256 entries, as it is stored; `undefined` for any other. Lent: not to be changed. */
  recentEntry(pg: PgId, seq: number): PackedEntry | undefined {
    return this.#state.pgs.get(pg)?.recent(seq);
  }

  /** The same entries as they are stored, for another copy. Lent: not to be changed. */
  readPackedLog(pg: PgId, afterSeq: number): Promise<readonly PackedEntry[]> {
    return readPackedLog(this.#state, pg, afterSeq);
  }

  /** Where the next batch begins, if it fits there. For tests and tools. */
  logEnd(): { readonly segment: number; readonly offset: number } {
    const { hot } = this.#writer.position.heads;
    return { segment: hot?.segment ?? 0, offset: hot?.offset ?? 0 };
  }

  space(): SpaceReport {
    return this.#space.report();
  }

  /** What one transaction has at most, record and checksums included. */
  get transactionBytesMax(): number {
    return transactionBytesIn(this.superblock.segmentBytes);
  }

  /** As `space().level`, without a count. */
  get spaceLevel(): SpaceLevel {
    return this.#space.level;
  }

  cleaned(): CleanerCounts {
    return this.#cleaner.counts;
  }

  /** Reads of small payloads for clients that memory answered, and that it did not. */
  payloadCache(): PayloadCacheCounts {
    return this.#payloads.cache.counts;
  }

  merged(): MergerCounts {
    return this.#merger.counts;
  }

  /** What was done in slices since the store was opened. */
  bulk(): BulkCounts {
    return this.#bulk.counts;
  }

  /** Values of the index that had rotted when they were removed, since the store was opened: more than 0 asks for fsck. */
  get damagedValues(): number {
    return this.#checkpointer.damagedValues;
  }

  /** Moves what is live out of one segment, whether or not room is short. For tests and tools. */
  async clean(segment: number): Promise<void> {
    await this.#cleaner.clean(segment);
  }

  /** Segments that hold live bytes and get no further batches: what `clean` may be asked for. */
  cleanable(): number[] {
    return this.#state.segments.cleanable();
  }

  /** Resolves once a durable checkpoint holds all that was applied before the call. */
  async checkpoint(): Promise<void> {
    this.#throwIfFailed();
    this.#writer.sealOpen();
    const { number } = this.#writer.position;
    // The one under way may have been cut off earlier: then another follows it.
    while (this.#checkpointer.last.batch < number) {
      this.#freezeNow();
      await this.#writer.durable(this.#checkpointer.frozenBatch ?? number);
      await this.#checkpointing;
      this.#throwIfFailed();
    }
  }

  #throwIfFailed(): void {
    if (this.#failed !== undefined) throw this.#failed;
  }

  /** Everything applied is durable and in a checkpoint when it resolves; of a store that failed, what can be. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Ends without a word, as a crash would but for this process: what is durable is all that is left. For tests and tools. */
  async abandon(): Promise<void> {
    this.#fail(new CairnError('CLOSED', 'the store was abandoned'));
    await this.#release();
  }

  async #close(): Promise<void> {
    try {
      await this.#queue.drain();
      await this.#cleaner.stopped();
      await this.#merger.stopped();
      await this.#bulk.stopped();
      if (this.#failed === undefined) await this.#writer.idle();
      if (this.#failed === undefined) await this.checkpoint();
    } finally {
      await this.#release();
    }
  }

  async #release(): Promise<void> {
    this.#timer?.cancel();
    this.#failed ??= new CairnError('CLOSED', 'the store is closed');
    // Whoever opens the store next finds a log that nobody writes to.
    this.#writer.stop(this.#failed);
    await this.#writer.stopped();
    await this.#cleaner.stopped();
    await this.#merger.stopped();
    await this.#bulk.stopped();
    await this.#checkpointing?.catch(() => undefined);
    await this.#roomMaker.stopped();
    await this.#pool.close();
    await this.#absence.close();
    await this.#files.close();
    await this.#state.index.kv.close();
  }

  #makePool(position: LogPosition): SegmentPool {
    const { hotNext, coldNext } = position.heads;
    const options = {
      reserved: [hotNext, coldNext].flatMap((place) => (place === undefined ? [] : [place.segment])),
      coveredBatch: () => this.#checkpointer.last.batch,
      durableBatch: () => this.#durableBatch,
      prewrite: () => this.#options.prewrite,
      hasRoom: () => this.#ballast.hasRoomFor(this.superblock.segmentBytes, this.#options.layerBytesMax),
      onReady: () => this.#queue.pump(),
      onLacksRoom: () => {
        this.#space.recount();
        this.#cleaner.kick();
        this.#queue.pump();
      },
      onFailed: (error: CairnError) => this.#fail(error),
    };
    return new SegmentPool(this.#runtime, options, this.#state.segments, this.#files);
  }

  #makeWriter(position: LogPosition): LogWriter {
    const options = {
      storeSeed: storeSeed(this.superblock),
      segmentBytes: this.superblock.segmentBytes,
      position,
      takeSegment: () => {
        const place = this.#pool.take();
        if (place !== undefined) this.#space.tookSegment();
        if (this.#space.isShort) this.#hurry();
        return place;
      },
      onBegan: (segment: number) => this.#pool.began(segment),
      onSealed: (at: LogPosition) => this.#maybeFreeze(at),
      onDurable: ({ number }: { readonly number: number }) => this.#onDurable(number),
      onFailed: (error: CairnError) => this.#fail(error),
    };
    return new LogWriter(this.#runtime, options, this.#files, this.#state.segments);
  }

  #makeQueue(): TransactionQueue {
    return new TransactionQueue({
      runtime: this.#runtime,
      state: this.#state,
      writer: this.#writer,
      space: this.#space,
      segmentBytes: this.superblock.segmentBytes,
      options: this.#options,
      isLayerFull: () => this.#isLayerFull,
      onShort: () => this.#hurry(),
      bulk: this.#bulk,
      mustMergeFirst: (crowded) => this.#merger.mustMergeFirst(crowded),
    });
  }

  #makeBulk(): BulkWorker {
    return new BulkWorker({
      runtime: this.#runtime,
      state: this.#state,
      writer: this.#writer,
      isLayerFull: () => this.#isLayerFull,
      spaceWaitMs: this.#options.spaceWaitMs,
      refusal: () => this.#space.refusal(),
      onReleased: () => {
        this.#hurry();
        this.#queue.pump();
      },
      isClosing: () => this.#closing !== undefined,
      hasFailed: () => this.#failed !== undefined,
    });
  }

  #makeMerger(payloads: PayloadReader): Merger {
    return new Merger({
      runtime: this.#runtime,
      state: this.#state,
      writer: this.#writer,
      payloads,
      space: this.#space,
      segmentBytes: this.superblock.segmentBytes,
      extentsMax: this.#options.chunkExtentsMax,
      onMerged: () => this.#queue.pump(),
      isStopped: () => this.#failed !== undefined || this.#closing !== undefined,
    });
  }

  #makeRoomMaker(): RoomMaker {
    return new RoomMaker({
      ballast: this.#ballast,
      pool: this.#pool,
      space: this.#space,
      checkpointer: this.#checkpointer,
      segmentBytes: this.superblock.segmentBytes,
      log: this.#runtime.log,
      onMade: () => {
        this.#space.recount();
        this.#queue.pump();
      },
      onFailed: (error) => this.#fail(error),
    });
  }

  #makeCleaner(payloads: PayloadReader): Cleaner {
    return new Cleaner({
      runtime: this.#runtime,
      state: this.#state,
      writer: this.#writer,
      files: this.#files,
      payloads,
      space: this.#space,
      storeSeed: storeSeed(this.superblock),
      segmentBytes: this.superblock.segmentBytes,
      bytesPerSecond: this.#options.cleanerBytesPerSecond,
      isUrgent: () => this.#queue.waitingCount > 0,
      onCleaned: () => this.#hurry(),
      isStopped: () => this.#failed !== undefined || this.#closing !== undefined,
    });
  }

  get #isLayerFull(): boolean {
    return this.#checkpointer.isFrozen && this.#isLayerLarge();
  }

  #isLayerLarge(): boolean {
    return this.#state.index.active.bytes >= this.#options.layerBytesMax;
  }

  /** At the end of a batch: the place to cut the index in two. */
  #maybeFreeze(position: LogPosition): void {
    if (this.#checkpointer.isFrozen || this.#failed !== undefined) return;
    invariant(!this.#writer.hasOpenFrames, 'the index is cut in two at the end of a batch');
    const isOld = this.#runtime.clock.now() - this.#lastFreezeAt >= this.#options.layerMsMax;
    if (!this.#wantsCheckpoint && !isOld && !this.#isLayerLarge()) return;
    this.#wantsCheckpoint = false;
    this.#lastFreezeAt = this.#runtime.clock.now();
    this.#checkpointer.freeze(position);
    this.#maybeWriteCheckpoint();
  }

  #maybeWriteCheckpoint(): void {
    const batch = this.#checkpointer.frozenBatch;
    if (this.#failed !== undefined) return;
    if (batch === undefined || batch > this.#durableBatch || this.#checkpointing !== undefined) return;
    this.#checkpointing = this.#checkpointer.write(this.#durableBatch).then(
      () => {
        this.#checkpointing = undefined;
        this.#space.recount();
        this.#pool.prepare();
        if (this.#wantsCheckpoint) this.#freezeNow();
        this.#queue.pump();
        this.#cleaner.kick();
      },
      (error: unknown) => {
        this.#checkpointing = undefined;
        this.#fail(toCairnError(error));
      },
    );
  }

  #onDurable(batch: number): void {
    this.#durableBatch = batch;
    this.#queue.onDurable(batch);
    this.#maybeWriteCheckpoint();
    if (this.#queue.waitingCount > 0) this.#queue.pump();
  }

  /** A layer does not grow old because nothing new comes; nor does a store that refuses writes stay full because of that. */
  #watchAge(): void {
    this.#timer = this.#runtime.clock.after(this.#options.layerMsMax, () => {
      this.#roomMaker.look();
      if (this.#hasNews) this.#freezeNow();
      this.#watchAge();
    });
  }

  /** A checkpoint would tell something: of segments too, where no transaction changed the index. */
  get #hasNews(): boolean {
    return !this.#state.index.active.isEmpty || this.#state.segments.isDirty;
  }

  /** Begins a checkpoint; while one is under way, the next begins behind it. */
  #freezeNow(): void {
    this.#wantsCheckpoint = true;
    this.#writer.sealOpen();
    this.#maybeFreeze(this.#writer.position);
  }

  /** Segments are short: a checkpoint lets those be recycled whose last bytes died since the one before. */
  #hurry(): void {
    this.#pool.prepare();
    // A segment that is only not ready yet comes by itself.
    if (!this.#space.isShort) return;
    this.#cleaner.kick();
    if (this.#checkpointer.isFrozen || this.#wantsCheckpoint || !this.#hasNews) return;
    this.#wantsCheckpoint = true;
    this.#runtime.clock.nextTurn(() => this.#freezeNow());
  }

  #fail(error: CairnError): void {
    if (this.#failed !== undefined) return;
    this.#failed = error;
    this.#timer?.cancel();
    this.#writer.stop(error);
    this.#queue.fail(error);
    if (error.code === 'CLOSED') return;
    (this.#options.onFailed ?? ((reason) => this.#runtime.fatal(reason)))(error);
  }
}
