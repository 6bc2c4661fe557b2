/**
 * Keeps chunks from having ever more extents: each is rewritten with its chunk's index value whenever the chunk changes, so
 * that many tiny writes would cost as the square of their number. Where a transaction leaves too many, the bytes of the small
 * ones are read and written anew as a few payloads, beside everything else:
 *
 *     crowded chunk ──► what to merge (one turn) ──► read, verified ──► record and payloads, in the order of transactions
 *
 * The record says what was read, and takes effect where that is still so (apply/apply-merge.ts); readers and writers wait for
 * nothing. Only when a chunk has eight times the extents that it should have, transactions that write to it wait.
 */
import { ByteWriter } from '../../../base/byte-writer.js';
import { CairnError, isCairnError, toCairnError } from '../../../base/errors.js';
import { invariant } from '../../../base/invariant.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { applyMerge } from '../apply/apply-merge.js';
import { Draft, type CrowdedChunk, type StoreState } from '../apply/draft.js';
import { fetchMore, look } from '../apply/look.js';
import { ObjectEditor } from '../apply/object-editor.js';
import type { ChunkMerge, MergedPart, MergedRun } from '../format/chunk-merge.js';
import type { Extent } from '../format/extents.js';
import { chunkKey, sharedKey } from '../format/index-key.js';
import { storedBytes } from '../format/payload-ref.js';
import { writeMergeRecord } from '../format/record.js';
import { decodeSharedPayload } from '../format/shared-payload.js';
import type { FetchedValues } from '../index/index.js';
import { MissingKeys } from '../index/missing-keys.js';
import { chunkBytes, crowdedFactor, transactionBytesIn } from '../limits.js';
import type { LogWriter } from '../log/log-writer.js';
import { frameOverheadBytes, type FramePayload } from '../log/open-batch.js';
import type { ObjectId } from '../object-id.js';
import type { PayloadReader } from '../read/payload-reader.js';
import type { Space } from '../space/space.js';
import { payloadOf } from '../transaction.js';
import { largeBytes, runsToMerge } from './runs-to-merge.js';

/** Chunks that wait. One more is left as it is until the next write to it tells of it again. */
const waitingMax = 16_384;
/** Chunks of which nothing can be merged now. The oldest is forgotten, and then tried in vain once more. */
const stuckMax = 1_024;
/** Parts are read so many at a time: each takes a whole checksum block of memory. */
const readTogether = 4;
/** What a record holds beside object and parts, at most. */
const recordBytesMin = 64;

export interface MergerParts {
  readonly runtime: Runtime;
  readonly state: StoreState;
  readonly writer: LogWriter;
  readonly payloads: PayloadReader;
  readonly space: Space;
  readonly segmentBytes: number;
  readonly extentsMax: number;
  /** A chunk has fewer extents: transactions may have waited for that. */
  readonly onMerged: () => void;
  readonly isStopped: () => boolean;
}

export interface MergerCounts {
  /** Records written, and the bytes of their payloads. */
  readonly merges: number;
  readonly mergedBytes: number;
  /** Parts that could not be read, and so stay where they are. */
  readonly unreadable: number;
  /** Chunks that are still to be looked at. */
  readonly waiting: number;
}

interface Place {
  readonly object: ObjectId;
  readonly chunk: number;
}

/** What is to be read. Its payloads are held. */
interface Plan {
  readonly extents: number;
  readonly blockShift: number;
  readonly runs: readonly (readonly SourcePart[])[];
}

interface SourcePart extends MergedPart {
  readonly owner: bigint;
}

interface ReadPart {
  readonly part: MergedPart;
  readonly bytes: Uint8Array;
}

interface ReadRun {
  readonly run: MergedRun;
  readonly pieces: readonly Uint8Array[];
}

const zeros = new Uint8Array(largeBytes);

export class Merger {
  readonly #parts: MergerParts;
  readonly #encoder = new ByteWriter(4_096);
  /** In the order in which they were told of. */
  readonly #waiting = new Map<string, Place>();
  /** Extents of a chunk of which nothing could be merged: not tried again before there are many more. */
  readonly #stuck = new Map<string, number>();
  #current: string | undefined;
  #running: Promise<void> | undefined;
  #merges = 0;
  #mergedBytes = 0;
  #unreadable = 0;

  constructor(parts: MergerParts) {
    this.#parts = parts;
  }

  get counts(): MergerCounts {
    const waiting = this.#waiting.size + (this.#current === undefined ? 0 : 1);
    return { merges: this.#merges, mergedBytes: this.#mergedBytes, unreadable: this.#unreadable, waiting };
  }

  /**
   * A transaction is about to leave these chunks with too many extents. True: one had so many before that it has to wait;
   * `onMerged` follows for certain.
   */
  mustMergeFirst(crowded: readonly CrowdedChunk[]): boolean {
    let mustWait = false;
    for (const { object, chunk, extentsBefore } of crowded) {
      const isComing = this.#note({ object, chunk }, extentsBefore);
      if (isComing && extentsBefore > crowdedFactor * this.#parts.extentsMax) mustWait = true;
    }
    return mustWait;
  }

  /** Resolves when nothing is being merged. */
  async stopped(): Promise<void> {
    await this.#running;
  }

  /** Whether the chunk is, or will be, merged. */
  #note(place: Place, extents: number): boolean {
    const key = chunkKey(place.object, place.chunk);
    if (key === this.#current || this.#waiting.has(key)) return true;
    const stuckAt = this.#stuck.get(key);
    if (stuckAt !== undefined && extents < stuckAt + this.#parts.extentsMax / 2) return false;
    if (this.#waiting.size >= waitingMax || !this.#mayRun) return false;
    this.#waiting.set(key, place);
    this.#running ??= this.#run();
    return true;
  }

  /** Not where room is short: that is for deletes and for the cleaner. */
  get #mayRun(): boolean {
    const { isStopped, space, segmentBytes } = this.#parts;
    return !isStopped() && space.admits(Math.min(2 * chunkBytes, transactionBytesIn(segmentBytes)), false) === 'admit';
  }

  /** Rejects nowhere: a failing log stops the store by itself. */
  async #run(): Promise<void> {
    // The transaction that told of it comes first.
    await this.#parts.runtime.clock.yieldTurn();
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const [key, place] = first;
      this.#waiting.delete(key);
      this.#current = key;
      try {
        await this.#mergeChunk(key, place);
      } catch (error) {
        // Not again before the store is opened anew: whoever waits for it would wait for ever.
        this.#setStuck(key, Infinity);
        if (!this.#parts.isStopped()) {
          this.#parts.runtime.log.error({ error: toCairnError(error).message }, 'extents could not be merged');
        }
      }
      this.#current = undefined;
      this.#parts.onMerged();
    }
    this.#running = undefined;
  }

  /** Until it has few enough, or nothing is won. */
  async #mergeChunk(key: string, place: Place): Promise<void> {
    let before = Infinity;
    while (this.#mayRun) {
      const plan = await this.#plan(place);
      if (plan === undefined) {
        this.#stuck.delete(key);
        return;
      }
      try {
        if (plan.extents >= before) {
          // Written to faster than it is merged: others first.
          this.#waiting.set(key, place);
          return;
        }
        before = plan.extents;
        const runs = await this.#read(plan);
        if (runs.length === 0) {
          this.#setStuck(key, plan.extents);
          return;
        }
        await this.#write(place, plan.blockShift, runs);
      } finally {
        this.#release(plan);
      }
    }
  }

  #setStuck(key: string, extents: number): void {
    const [oldest] = this.#stuck.keys();
    if (this.#stuck.size >= stuckMax && oldest !== undefined) this.#stuck.delete(oldest);
    this.#stuck.set(key, extents);
  }

  /** `undefined` for a chunk with few enough extents. */
  async #plan({ object, chunk }: Place): Promise<Plan | undefined> {
    const { state, payloads, extentsMax, segmentBytes } = this.#parts;
    const bytesMax = transactionBytesIn(segmentBytes) - frameOverheadBytes - recordBytesMin - object.key.length;
    return await look(state, 0, (draft) => {
      const editor = new ObjectEditor(draft, object);
      const [extents = []] = editor.exists ? editor.chunks(chunk, chunk) : [];
      if (extents.length <= extentsMax) return undefined;
      const runs = sourcesOf(draft, object, runsToMerge(extents, bytesMax));
      // In this turn: from the next on, the index may name other places.
      for (const { payload } of runs.flat()) payloads.hold(payload);
      return { extents: extents.length, blockShift: runs[0]?.[0]?.payload.blockShift ?? 0, runs };
    });
  }

  #release({ runs }: Plan): void {
    for (const { payload } of runs.flat()) this.#parts.payloads.release(payload);
  }

  /** What cannot be read stays where it is, for another replica to repair, and cuts its run in two. */
  async #read(plan: Plan): Promise<ReadRun[]> {
    const read: ReadRun[] = [];
    for (const run of plan.runs) {
      let parts: ReadPart[] = [];
      const finish = (): void => {
        if (parts.length > 1) read.push(readRun(parts));
        parts = [];
      };
      for (let done = 0; done < run.length; done += readTogether) {
        const some = run.slice(done, done + readTogether);
        const found = await Promise.all(some.map((part) => this.#readPart(part)));
        for (const [i, part] of some.entries()) {
          const bytes = found[i];
          if (bytes === undefined) finish();
          else parts.push({ part, bytes });
        }
      }
      finish();
    }
    return read;
  }

  async #readPart({ payload, owner, skip, bytes }: SourcePart): Promise<Uint8Array | undefined> {
    try {
      return await this.#parts.payloads.read({ payload, owner, skip, bytes }, () => 'merging');
    } catch (error) {
      if (!isCairnError(error, 'CORRUPT') && !isCairnError(error, 'IO_ERROR')) throw error;
      this.#unreadable += 1;
      this.#parts.runtime.log.error({ error: error.message }, 'the merger leaves what it cannot read');
      return undefined;
    }
  }

  async #write({ object, chunk }: Place, blockShift: number, runs: readonly ReadRun[]): Promise<void> {
    const merge = { object, chunk, blockShift, runs: runs.map(({ run }) => run) };
    const payloads = runs.map(({ pieces }): FramePayload => {
      return { payload: payloadOf(...pieces), blockShift, owner: object.owner };
    });
    const number = await this.#append(merge, payloads);
    this.#merges += 1;
    this.#mergedBytes += payloads.reduce((sum, { payload }) => sum + payload.bytes, 0);
    // One at a time, and no faster than the disk.
    await this.#parts.writer.durable(number);
  }

  /** Returns the batch that it is in. */
  async #append(merge: ChunkMerge, payloads: readonly FramePayload[]): Promise<number> {
    const { state, writer, runtime } = this.#parts;
    this.#encoder.clear();
    writeMergeRecord(this.#encoder, merge);
    const record = this.#encoder.bytes();
    const stored = payloads.reduce((sum, { payload }) => sum + storedBytes(payload.bytes, merge.blockShift), 0);
    let fetched: FetchedValues | undefined;
    for (;;) {
      if (this.#parts.isStopped()) throw new CairnError('CLOSED', 'the store is closing');
      const batch = writer.place(frameOverheadBytes + record.byteLength + stored);
      if (batch === undefined) {
        await runtime.clock.sleep(1);
        continue;
      }
      const draft = new Draft(state, batch.number, fetched);
      try {
        applyMerge(draft, merge, batch.placesOf(record.byteLength, payloads));
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

/** Where the bytes of extents are. */
function sourcesOf(draft: Draft, object: ObjectId, runs: readonly (readonly Extent[])[]): SourcePart[][] {
  const ids = new Set<number>();
  for (const { source } of runs.flat()) if (source.kind === 'shared') ids.add(source.id);
  const keys = Array.from(ids, sharedKey);
  const values = draft.getMany(keys);
  const shared = new Map(Array.from(ids, (id, i) => [id, values[i]]));
  return runs.map((run) => {
    return run.map(({ at, bytes, skip, source }): SourcePart => {
      if (source.kind === 'own') {
        return { at, bytes, skip, payload: source.payload, sharedId: undefined, owner: object.owner };
      }
      const stored = shared.get(source.id);
      if (stored === undefined) throw new CairnError('CORRUPT', 'the index lacks a shared payload; run cairn osd fsck');
      const { payload, owner } = decodeSharedPayload(stored);
      return { at, bytes, skip, payload, sharedId: source.id, owner };
    });
  });
}

/** With zeros where there are holes. */
function readRun(parts: readonly ReadPart[]): ReadRun {
  const at = parts[0]?.part.at ?? 0;
  const pieces: Uint8Array[] = [];
  let end = at;
  for (const { part, bytes } of parts) {
    invariant(part.at - end <= zeros.byteLength, 'no larger hole is inside of a run', { at: part.at, end });
    if (part.at > end) pieces.push(zeros.subarray(0, part.at - end));
    pieces.push(bytes);
    end = part.at + part.bytes;
  }
  return { run: { at, bytes: end - at, parts: parts.map(({ part }) => part) }, pieces };
}
