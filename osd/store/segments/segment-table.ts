/**
 * What the store knows of each segment. Kept in memory as arrays; a checkpoint writes what changed since the one before.
 *
 *     unused ──► ready ──► hot or cold ──► closed ──► (nothing live, nothing to replay) ──► ready, next generation
 *        ▲────────────────── file given back ◄────────────────────────────┘
 */
import { ByteReader } from '../../../base/byte-reader.js';
import { invariant } from '../../../base/invariant.js';
import { encoded } from '../format/scratch-writer.js';

export const segmentStates = ['unused', 'hot', 'cold', 'closed'] as const;
export type SegmentState = (typeof segmentStates)[number];

export interface SegmentInfo {
  readonly state: SegmentState;
  /** Of the life that its live bytes were written in; 0 while it was never written. */
  readonly generation: number;
  /** Bytes of payloads, without checksums, that something still points to. */
  readonly liveBytes: number;
  /** Where its last batch ends. */
  readonly usedBytes: number;
  /** The last batch written to it, or, once it is closed, the first that no longer names it. */
  readonly lastBatch: number;
  /** The batch that last made some of it dead. */
  readonly diedAt: number;
}

export class SegmentTable {
  readonly count: number;
  readonly #states: Uint8Array;
  readonly #generations: Uint32Array;
  readonly #live: Float64Array;
  readonly #used: Uint32Array;
  readonly #lastBatch: Float64Array;
  readonly #diedAt: Float64Array;
  readonly #dirty = new Set<number>();
  /** Of those, what they were when the set was last emptied. */
  readonly #before = new Map<number, SegmentInfo>();
  #liveTotal = 0;

  constructor(count: number) {
    this.count = count;
    this.#states = new Uint8Array(count);
    this.#generations = new Uint32Array(count);
    this.#live = new Float64Array(count);
    this.#used = new Uint32Array(count);
    this.#lastBatch = new Float64Array(count);
    this.#diedAt = new Float64Array(count);
  }

  /** Live bytes of all segments. */
  get liveBytes(): number {
    return this.#liveTotal;
  }

  info(segment: number): SegmentInfo {
    this.#check(segment);
    return {
      state: segmentStates[this.#states[segment] ?? 0] ?? 'unused',
      generation: this.#generations[segment] ?? 0,
      liveBytes: this.#live[segment] ?? 0,
      usedBytes: this.#used[segment] ?? 0,
      lastBatch: this.#lastBatch[segment] ?? 0,
      diedAt: this.#diedAt[segment] ?? 0,
    };
  }

  state(segment: number): SegmentState {
    this.#check(segment);
    return segmentStates[this.#states[segment] ?? 0] ?? 'unused';
  }

  /** Those that hold live bytes and get no further batches. */
  cleanable(): number[] {
    const all = Array.from({ length: this.count }, (_, segment) => segment);
    return all.filter((segment) => this.state(segment) === 'closed' && this.info(segment).liveBytes > 0);
  }

  generation(segment: number): number {
    return this.#generations[segment] ?? 0;
  }

  /** A first batch goes to it in this life. */
  begin(segment: number, state: 'hot' | 'cold', generation: number): void {
    this.#check(segment);
    invariant(this.#live[segment] === 0, 'a segment that begins a life holds nothing live', { segment });
    const old = this.#generations[segment] ?? 0;
    invariant(generation > old, 'no two lives of a segment have one generation', { segment, generation, old });
    this.#touch(segment);
    this.#states[segment] = segmentStates.indexOf(state);
    this.#generations[segment] = generation;
    this.#used[segment] = 0;
  }

  /** No further batch goes to it in this life: `batch`, the next, says so first, and has to be covered as its own have. */
  close(segment: number, batch: number): void {
    this.#check(segment);
    this.#touch(segment);
    this.#lastBatch[segment] = batch;
    this.#states[segment] = segmentStates.indexOf('closed');
  }

  /** A batch that ends at `usedBytes` was put there. */
  wrote(segment: number, batch: number, usedBytes: number): void {
    this.#check(segment);
    this.#touch(segment);
    this.#lastBatch[segment] = batch;
    this.#used[segment] = usedBytes;
  }

  /** `bytes` more (or, negative, fewer) are in use, by what batch `batch` did. */
  addLive(segment: number, bytes: number, batch: number): void {
    this.#check(segment);
    if (bytes === 0) return;
    const live = (this.#live[segment] ?? 0) + bytes;
    invariant(live >= 0, 'no more bytes die than were live', { segment, live, bytes });
    this.#touch(segment);
    this.#live[segment] = live;
    this.#liveTotal += bytes;
    if (bytes < 0) this.#diedAt[segment] = Math.max(this.#diedAt[segment] ?? 0, batch);
  }

  /** May begin its next life, once batches up to `covered` are in a durable checkpoint. */
  isRecyclable(segment: number, covered: number): boolean {
    return (
      this.state(segment) === 'closed' &&
      this.#live[segment] === 0 &&
      (this.#lastBatch[segment] ?? 0) <= covered &&
      (this.#diedAt[segment] ?? 0) <= covered
    );
  }

  /** Its file will be given back to the file system. The generation stays: a new file goes on behind it. */
  giveBack(segment: number, covered: number): void {
    invariant(this.isRecyclable(segment, covered), 'a segment that is given back is free', { segment });
    this.#touch(segment);
    this.#states[segment] = segmentStates.indexOf('unused');
    this.#used[segment] = 0;
  }

  /** Whether a segment is empty, but for a checkpoint that says so durably. */
  hasEmptied(covered: number): boolean {
    for (let segment = 0; segment < this.count; segment++) {
      const isEmpty = this.state(segment) === 'closed' && this.#live[segment] === 0;
      if (isEmpty && !this.isRecyclable(segment, covered)) return true;
    }
    return false;
  }

  /** A segment that may begin its next life, none of `taken`: one that has a file, if there is one. */
  firstFree(covered: number, taken: ReadonlySet<number>): number | undefined {
    let unused: number | undefined;
    for (let segment = 0; segment < this.count; segment++) {
      if (taken.has(segment)) continue;
      if (this.isRecyclable(segment, covered)) return segment;
      if (this.state(segment) === 'unused') unused ??= segment;
    }
    return unused;
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** Those that changed since the last call, as they are now. */
  takeDirty(): Map<number, SegmentInfo> {
    const taken = new Map<number, SegmentInfo>();
    for (const segment of this.#dirty) taken.set(segment, this.info(segment));
    this.#dirty.clear();
    this.#before.clear();
    return taken;
  }

  /** As it was at the last `takeDirty`. */
  asOfFreeze(segment: number): SegmentInfo {
    return this.#before.get(segment) ?? this.info(segment);
  }

  /** From a checkpoint. */
  load(segment: number, info: SegmentInfo): void {
    this.#check(segment);
    this.#states[segment] = segmentStates.indexOf(info.state);
    this.#generations[segment] = info.generation;
    this.#liveTotal += info.liveBytes - (this.#live[segment] ?? 0);
    this.#live[segment] = info.liveBytes;
    this.#used[segment] = info.usedBytes;
    this.#lastBatch[segment] = info.lastBatch;
    this.#diedAt[segment] = info.diedAt;
  }

  #touch(segment: number): void {
    if (this.#dirty.has(segment)) return;
    this.#dirty.add(segment);
    this.#before.set(segment, this.info(segment));
  }

  #check(segment: number): void {
    invariant(segment >= 0 && segment < this.count, 'a segment is one of the store', { segment, count: this.count });
  }
}

const format = 1;

export function encodeSegmentInfo(info: SegmentInfo): Uint8Array {
  return encoded((writer) => {
    writer.u8(format);
    writer.u8(segmentStates.indexOf(info.state));
    writer.varint(info.generation);
    writer.varint(info.liveBytes);
    writer.varint(info.usedBytes);
    writer.varint(info.lastBatch);
    writer.varint(info.diedAt);
  });
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodeSegmentInfo(bytes: Uint8Array): SegmentInfo {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a segment record');
  if (version !== format) throw reader.error(`a segment record of unknown format ${version}`, 0);
  const state = segmentStates[reader.u8('the state of a segment')];
  if (state === undefined) throw reader.error('a segment of unknown state', 1);
  const generation = reader.varint('a generation', 2 ** 32 - 1);
  const liveBytes = reader.varint('live bytes');
  const usedBytes = reader.varint('used bytes', 2 ** 32 - 1);
  const lastBatch = reader.varint('a batch number');
  const diedAt = reader.varint('a batch number');
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a segment record');
  return { state, generation, liveBytes, usedBytes, lastBatch, diedAt };
}
