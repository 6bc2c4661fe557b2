/**
 * Segments that are ready for their next life: their header is durable, so the log may name them. Prepared in the
 * background, since that takes syncs; a few are always ahead.
 */
import { type CairnError, toCairnError } from '../../../base/errors.js';
import type { Runtime } from '../../../runtime/runtime.js';
import type { BatchPlace } from '../format/batch-header.js';
import { pageBytes } from '../limits.js';
import type { SegmentFiles } from '../log/segment-files.js';
import type { SegmentTable } from './segment-table.js';

/** One for each head of the log that may need one at any moment, and one more. */
const readyMax = 3;

export interface SegmentPoolOptions {
  /** Named by the log's last header already: nobody else's, until the log comes to them. */
  readonly reserved: readonly number[];
  /** The last batch that a durable checkpoint covers. */
  readonly coveredBatch: () => number;
  /** The last durable batch. */
  readonly durableBatch: () => number;
  /** Whether new files are written with zeros first: costs a write of the whole segment, gains at every batch. */
  readonly prewrite: () => boolean;
  /** The file system has room for one more segment file, and for the index beside it. */
  readonly hasRoom: () => Promise<boolean>;
  readonly onReady: () => void;
  /** There is no room for further files: what can be had is what is recycled. */
  readonly onLacksRoom: () => void;
  readonly onFailed: (error: CairnError) => void;
}

export class SegmentPool {
  readonly #runtime: Runtime;
  readonly #options: SegmentPoolOptions;
  readonly #table: SegmentTable;
  readonly #files: SegmentFiles;
  readonly #ready: BatchPlace[] = [];
  /** Ready, being prepared, or taken and not begun yet. */
  readonly #reserved: Set<number>;
  /** Unused from the checkpoint of this number on, and then without a file. */
  readonly #givenBack = new Map<number, number>();
  #preparing: Promise<void> | undefined;
  #isClosed = false;
  /** Below it there is no unused segment. */
  #unusedFrom = 0;
  /** The file system has less room than the store was promised: segments without a file are none. */
  #lacksRoom = false;

  constructor(runtime: Runtime, options: SegmentPoolOptions, table: SegmentTable, files: SegmentFiles) {
    this.#runtime = runtime;
    this.#options = options;
    this.#table = table;
    this.#files = files;
    this.#reserved = new Set(options.reserved);
  }

  /** The place of the first batch in a segment that is ready; more are prepared. */
  take(): BatchPlace | undefined {
    const place = this.#ready.shift();
    this.prepare();
    return place;
  }

  /** Prepares segments until enough are ready, or none can be had. Returns at once. */
  prepare(): void {
    if (this.#preparing !== undefined || this.#isClosed || this.#ready.length >= readyMax) return;
    const segment = this.#pick();
    if (segment === undefined) return;
    this.#reserved.add(segment);
    this.#preparing = this.#prepareOne(segment).then(
      (isReady) => {
        this.#preparing = undefined;
        if (!isReady) {
          this.#giveUp(segment);
          return;
        }
        this.#options.onReady();
        this.prepare();
      },
      (error: unknown) => {
        this.#preparing = undefined;
        this.#fail(segment, toCairnError(error));
      },
    );
  }

  /** How many segments the log can still go to, those that are ready included. */
  freeCount(): number {
    let free = this.#ready.length;
    const covered = this.#options.coveredBatch();
    for (let segment = 0; segment < this.#table.count; segment++) {
      if (!this.#reserved.has(segment) && this.#isFree(segment, covered)) free += 1;
    }
    return free;
  }

  /** Fewer segments can be had than the store was made for. */
  get lacksRoom(): boolean {
    return this.#lacksRoom;
  }

  /** Whether there is room by now. */
  async lookForRoom(): Promise<void> {
    if (!this.#lacksRoom || !(await this.#options.hasRoom())) return;
    this.#lacksRoom = false;
    this.prepare();
  }

  /**
   * Up to `count` free segments that have a file become unused: whose file may be missing. The files themselves go with
   * `removeGivenBack`, once a durable checkpoint says so: a file that is missing before would be a lost one.
   */
  giveBack(count: number, checkpoint: number): void {
    const covered = this.#options.coveredBatch();
    let left = count;
    for (let segment = this.#table.count - 1; segment >= 0 && left > 0; segment--) {
      if (this.#table.state(segment) !== 'closed' || !this.#isPickable(segment, covered)) continue;
      this.#table.giveBack(segment, covered);
      this.#reserved.add(segment);
      this.#givenBack.set(segment, checkpoint);
      left -= 1;
    }
    // Until there is plenty: else it would make the file anew.
    this.#lacksRoom = true;
  }

  get isGivingBack(): boolean {
    return this.#givenBack.size > 0;
  }

  /** Checkpoints up to `checkpoint` are durable. Returns how many files went. */
  async removeGivenBack(checkpoint: number): Promise<number> {
    let removed = 0;
    for (const [segment, named] of Array.from(this.#givenBack)) {
      if (named > checkpoint || this.#isClosed || !(await this.#files.remove(segment))) continue;
      this.#givenBack.delete(segment);
      this.#reserved.delete(segment);
      this.#unusedFrom = Math.min(this.#unusedFrom, segment);
      removed += 1;
    }
    return removed;
  }

  /** The next checkpoint frees a segment at least. */
  willFree(): boolean {
    return this.#table.hasEmptied(this.#options.coveredBatch());
  }

  /** The segment begins its life: from here on its state in the table says all. */
  began(segment: number): void {
    this.#reserved.delete(segment);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#preparing;
  }

  /** Recycled ones first: they are written through already, and the store's files stay few. */
  #pick(): number | undefined {
    const covered = this.#options.coveredBatch();
    for (let segment = 0; segment < this.#table.count; segment++) {
      if (this.#table.state(segment) === 'closed' && this.#isPickable(segment, covered)) return segment;
    }
    for (; this.#unusedFrom < this.#table.count; this.#unusedFrom++) {
      const segment = this.#unusedFrom;
      if (this.#table.state(segment) === 'unused' && !this.#reserved.has(segment)) return segment;
    }
    return undefined;
  }

  #isPickable(segment: number, covered: number): boolean {
    return !this.#reserved.has(segment) && !this.#files.isPinned(segment) && this.#isFree(segment, covered);
  }

  #isFree(segment: number, covered: number): boolean {
    if (this.#table.state(segment) === 'unused') return !this.#lacksRoom;
    return this.#table.isRecyclable(segment, covered);
  }

  /** False when there is no room for it. */
  async #prepareOne(segment: number): Promise<boolean> {
    const generation = this.#table.generation(segment);
    const isNew = this.#table.state(segment) === 'unused';
    const after = this.#options.durableBatch();
    if (isNew && !(await this.#options.hasRoom())) return false;
    const next = await this.#files.prepare(segment, generation, after, isNew && this.#options.prewrite());
    if (isNew) this.#lacksRoom = false;
    this.#ready.push({ segment, generation: next, offset: pageBytes });
    return true;
  }

  #fail(segment: number, error: CairnError): void {
    if (error.code === 'NO_SPACE') this.#giveUp(segment);
    else this.#options.onFailed(error);
  }

  /** A file system without room is not a failure of the store: what is there goes on, and cleaning frees segments. */
  #giveUp(segment: number): void {
    this.#reserved.delete(segment);
    this.#unusedFrom = Math.min(this.#unusedFrom, segment);
    if (this.#lacksRoom) return;
    this.#lacksRoom = true;
    this.#runtime.log.warn({ segment }, 'the file system has no room for a segment that the store was promised');
    this.#options.onLacksRoom();
  }
}
