/**
 * Does in slices what has very many extents: one turn of the event loop for an object of a hundred thousand would be a second long, in
 * which the OSD answers nobody.
 *
 *     removal, truncation …    chunks are put aside under keys of `d`, as they are ──► released, slice by slice, afterwards
 *     clone                    chunks are made ahead under keys of `u`, slice by slice ──► the clone is made of them
 *
 * Each slice is a record in the log, as a transaction is, and none of them changes what anybody sees. What a crash interrupts is
 * released when the store is opened: the keys themselves say what is left to do.
 */
import { ByteWriter } from '../../../base/byte-writer.js';
import { CairnError, isCairnError, toCairnError } from '../../../base/errors.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { applyAhead } from '../apply/apply-ahead.js';
import { applyRelease } from '../apply/apply-release.js';
import { Draft, type StoreState } from '../apply/draft.js';
import { fetchMore, look } from '../apply/look.js';
import { ObjectEditor } from '../apply/object-editor.js';
import { releasedKeysMax, type CloneAhead } from '../format/bulk-step.js';
import { aheadMarkKey, discardRange, prefixRange, type KeyRange } from '../format/index-key.js';
import { writeAheadRecord, writeReleaseRecord } from '../format/record.js';
import type { FetchedValues } from '../index/index.js';
import { MissingKeys } from '../index/missing-keys.js';
import { IndexWalk } from '../index/walk.js';
import { bulkBytesMin, slicesOfBulk } from '../limits.js';
import type { LogWriter } from '../log/log-writer.js';
import { frameOverheadBytes } from '../log/open-batch.js';
import type { ObjectId } from '../object-id.js';

/** Values of chunks that are looked at together, to see how many a slice has. */
const chunksTogether = 64;
/** No segment is ready, or the index has to be written down first. */
const retryMs = 1;

export interface BulkParts {
  readonly runtime: Runtime;
  readonly state: StoreState;
  readonly writer: LogWriter;
  /** The active layer of the index is at its limit while the frozen one is still being written. */
  readonly isLayerFull: () => boolean;
  /** How long a slice of a clone waits for room, and what is said of it then. */
  readonly spaceWaitMs: number;
  readonly refusal: () => CairnError;
  /** Payloads are nobody's any more: room for whoever waits for some. */
  readonly onReleased: () => void;
  /** Nothing new is to be begun; clones that wait are still made ahead. */
  readonly isClosing: () => boolean;
  readonly hasFailed: () => boolean;
}

export interface BulkCounts {
  /** Records of both kinds, and the chunks in them. */
  readonly slices: number;
  readonly releasedChunks: number;
  readonly aheadChunks: number;
  readonly isBusy: boolean;
}

export class BulkWorker {
  readonly #parts: BulkParts;
  readonly #sliceBytesMax: number;
  readonly #encoder = new ByteWriter(4_096);
  /** One after the other. At most one for each transaction that waits for a clone, and those that release. */
  readonly #tasks: (() => Promise<void>)[] = [];
  #running: Promise<void> | undefined;
  /** Beginnings of ranges of the index that are to be released; `true`: again, as more came while that was done. */
  readonly #ranges = new Map<string, boolean>();
  #slices = 0;
  #releasedChunks = 0;
  #aheadChunks = 0;

  constructor(parts: BulkParts) {
    this.#parts = parts;
    this.#sliceBytesMax = (parts.state.bulkBytesMin ?? bulkBytesMin) / slicesOfBulk;
  }

  get counts(): BulkCounts {
    return {
      slices: this.#slices,
      releasedChunks: this.#releasedChunks,
      aheadChunks: this.#aheadChunks,
      isBusy: this.#running !== undefined,
    };
  }

  /** Payloads become free by what it does. */
  get isReleasing(): boolean {
    return this.#ranges.size > 0;
  }

  /** What an earlier process left. */
  start(): void {
    this.#release(prefixRange('u'));
    this.#release(discardRange);
  }

  /** A transaction let go of chunks. */
  onDiscarded(): void {
    this.#release(discardRange);
  }

  /** Resolves when chunks of a clone of `object` are there, as they were. Rejects with `NO_SPACE`, or when the store fails. */
  makeAhead(object: ObjectId): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#add(() => this.#makeAhead(object).then(resolve, reject));
    });
  }

  /** No clone of `object` is to be made, or it was made: what is left is released. */
  forgetAhead(object: ObjectId): void {
    this.#release(prefixRange(aheadMarkKey(object)));
  }

  /** Resolves when nothing is being done. */
  async stopped(): Promise<void> {
    await this.#running;
  }

  get #isStopped(): boolean {
    return this.#parts.isClosing() || this.#parts.hasFailed();
  }

  #add(task: () => Promise<void>): void {
    this.#tasks.push(task);
    this.#running ??= this.#run();
  }

  /** None of the tasks rejects. */
  async #run(): Promise<void> {
    // The transaction that told of it comes first.
    await this.#parts.runtime.clock.yieldTurn();
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) await task();
    this.#running = undefined;
  }

  #release(range: KeyRange): void {
    if (this.#isStopped) return;
    const isKnown = this.#ranges.has(range.gte);
    this.#ranges.set(range.gte, isKnown);
    if (!isKnown) this.#add(() => this.#releaseRange(range));
  }

  async #releaseRange(range: KeyRange): Promise<void> {
    const walk = new IndexWalk(this.#parts.state.index, range);
    try {
      for (let keys = await this.#nextKeys(walk); keys.length > 0; keys = await this.#nextKeys(walk)) {
        await this.#releaseKeys(keys);
      }
    } catch (error) {
      // It is tried again when the store is opened, and fsck finds what is wrong.
      if (!this.#isStopped) this.#warn(error);
    }
    await walk.close();
    const isMore = this.#ranges.get(range.gte) === true;
    this.#ranges.delete(range.gte);
    if (isMore) this.#release(range);
    this.#parts.onReleased();
  }

  /** Of one slice; none at the end of the range, or when the store is closed. */
  async #nextKeys(walk: IndexWalk): Promise<string[]> {
    const keys: string[] = [];
    for (let bytes = 0; keys.length === 0 || (bytes < this.#sliceBytesMax && keys.length < releasedKeysMax);) {
      if (this.#isStopped) return [];
      // One by one: how many make a slice is known only then, and the walk does not go back.
      const [entry] = await walk.next(1);
      if (entry === undefined) break;
      keys.push(entry.key);
      bytes += entry.value.byteLength;
    }
    return keys;
  }

  async #releaseKeys(keys: readonly string[]): Promise<void> {
    this.#encoder.clear();
    writeReleaseRecord(this.#encoder, keys);
    try {
      await this.#append(this.#encoder.bytes(), Infinity, (draft) => applyRelease(draft, keys));
    } catch (error) {
      // What is damaged stays, and is counted as in use; others are not to wait for that.
      if (!isCairnError(error, 'CORRUPT') && !isCairnError(error, 'PARSE_ERROR')) throw error;
      this.#warn(error);
      return;
    }
    this.#releasedChunks += keys.length;
  }

  #warn(error: unknown): void {
    const message = 'what nobody wants any more could not be released; run cairn osd fsck';
    this.#parts.runtime.log.error({ error: toCairnError(error).message }, message);
  }

  async #makeAhead(object: ObjectId): Promise<void> {
    for (let from = 0; ;) {
      const ahead = await this.#nextAhead(object, from);
      if (ahead === undefined) return;
      this.#encoder.clear();
      writeAheadRecord(this.#encoder, ahead);
      await this.#append(this.#encoder.bytes(), this.#parts.spaceWaitMs, (draft) => applyAhead(draft, ahead));
      this.#aheadChunks += ahead.to - ahead.from + 1;
      if (ahead.isLast) return;
      from = ahead.to + 1;
    }
  }

  /** The slice that begins with chunk `from`; `undefined` for an object that has no such chunk by now. */
  async #nextAhead(object: ObjectId, from: number): Promise<CloneAhead | undefined> {
    return await look(this.#parts.state, 0, (draft) => {
      const editor = new ObjectEditor(draft, object);
      const { chunkCount } = editor;
      if (chunkCount < 2 || from >= chunkCount) return undefined;
      const values = editor.chunkValues(from, Math.min(from + chunksTogether, chunkCount) - 1);
      let count = 0;
      for (let bytes = 0; count < values.length && (bytes < this.#sliceBytesMax || count === 0); count++) {
        bytes += values[count]?.byteLength ?? 0;
      }
      return { object, from, to: from + count - 1, isLast: from + count >= chunkCount };
    });
  }

  /**
   * One slice: in the log, in its place among the transactions, and durable when it resolves. `NO_SPACE` when there was none for it all
   * of `waitMs`; one that wins room (`Infinity`) waits until the store is closed.
   */
  async #append(record: Uint8Array, waitMs: number, apply: (draft: Draft) => void): Promise<void> {
    const { state, writer, runtime, isLayerFull, hasFailed } = this.#parts;
    const deadline = runtime.clock.now() + waitMs;
    let fetched: FetchedValues | undefined;
    for (;;) {
      if (hasFailed() || (waitMs === Infinity && this.#isStopped))
        throw new CairnError('CLOSED', 'the store is closed');
      const batch = isLayerFull() ? undefined : writer.place(frameOverheadBytes + record.byteLength);
      if (batch === undefined) {
        if (runtime.clock.now() >= deadline) throw this.#parts.refusal();
        await runtime.clock.sleep(retryMs);
        continue;
      }
      const draft = new Draft(state, batch.number, fetched);
      try {
        apply(draft);
      } catch (error) {
        if (!(error instanceof MissingKeys)) throw error;
        fetched = await fetchMore(state, fetched, error.keys);
        continue;
      }
      draft.commit(undefined);
      batch.add(record, []);
      writer.kick();
      this.#slices += 1;
      // One at a time, and no faster than the disk: whoever waits for the log has his turn between two slices.
      await writer.durable(batch.number);
      return;
    }
  }
}
