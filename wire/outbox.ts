/**
 * What one connection has to send. Frames are laid out in slabs when they are queued and sealed (deadline, number,
 * checksum) when they leave, once per turn of the event loop, all together in one `Connection.send`. While a send is
 * outstanding, frames gather; they leave when it settles.
 *
 *     queue ► laid out in a slab ─(turn ends, no send outstanding)─► sealed ► sent in steps of 1 MiB ► released
 *
 * A frame that waits can still be withdrawn without a trace. A large payload is never copied: its slices stand in the
 * list between the pieces of slab.
 */
import { invariant } from '../base/invariant.js';
import type { MonotonicMs } from '../base/instants.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Connection } from '../runtime/network.js';
import type { FrameChecksum } from './frame-checksum.js';
import {
  inlinePayloadBytesMax,
  noDeadline,
  prefixBytes,
  writeDeadline,
  writePrefix,
  type FramePrefix,
} from './frame.js';
import { sendStepBytes } from './limits.js';
import type { WireMetrics } from './metrics.js';
import { slabBytes, type Slab, type SlabPool } from './slabs.js';

/** Told what becomes of a frame. */
export interface FrameOwner {
  /** From here on the peer may get it. */
  frameLeft(): void;
  /**
   * The kernel has taken it, or the connection is gone, or it was withdrawn and its place in the queue is free again.
   * Its payload is no longer read.
   */
  frameReleased(): void;
}

export interface QueuedFrame {
  readonly slab: Slab;
  readonly start: number;
  /** After the payload if that lies in the slab too. */
  readonly end: number;
  /** Slices outside of the slab. */
  readonly payload: readonly Uint8Array[];
  readonly bytes: number;
  readonly deadline: MonotonicMs | undefined;
  readonly owner: FrameOwner | undefined;
  state: 'queued' | 'leaving' | 'released' | 'withdrawn';
}

export interface OutboxOptions {
  readonly clock: Clock;
  readonly connection: Connection;
  readonly slabs: SlabPool;
  readonly checksum: FrameChecksum | undefined;
  readonly metrics: WireMetrics;
  /** A batch is about to be sealed: the last moment to queue what should travel with it. */
  readonly onFlush: () => void;
  /** A batch has left, or was withdrawn, so the queue is shorter. */
  readonly onSent: () => void;
  readonly onError: (error: unknown) => void;
}

const noPayload: readonly Uint8Array[] = [];

export class Outbox {
  readonly #options: OutboxOptions;
  #queue: QueuedFrame[] = [];
  #slab: Slab | undefined;
  #flushTimer: Timer | undefined;
  /** Frames of the batch that is leaving, and its pieces that are not sent yet. */
  #leaving: QueuedFrame[] = [];
  #pieces: Uint8Array[] = [];
  #sendingSince: MonotonicMs | undefined;
  #closed = false;
  #endWhenEmpty = false;
  #queuedBytes = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Bytes queued or leaving. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Since when the step being sent has been waiting for the kernel. */
  get sendingSince(): MonotonicMs | undefined {
    return this.#sendingSince;
  }

  /** Queues a frame; `header` is copied, `payload` lent until the owner is told. Lengths must have been checked. */
  queue(
    prefix: FramePrefix,
    header: Uint8Array,
    payload: readonly Uint8Array[] = noPayload,
    owner?: FrameOwner,
    deadline?: MonotonicMs,
  ): QueuedFrame {
    const isInline = prefix.payloadBytes <= inlinePayloadBytesMax;
    const headBytes = prefixBytes + prefix.headerBytes;
    const slab = this.#slabFor(isInline ? headBytes + prefix.payloadBytes : headBytes);
    const start = slab.used;
    const headEnd = start + headBytes;
    writePrefix(slab.view, start, prefix);
    if (header.byteLength > 0) slab.bytes.set(header, start + prefixBytes);
    let end = headEnd;
    if (isInline) {
      for (const piece of payload) {
        slab.bytes.set(piece, end);
        end += piece.byteLength;
      }
    }
    slab.used = end;
    slab.live++;
    const frame: QueuedFrame = {
      slab,
      start,
      end,
      payload: isInline ? noPayload : payload,
      bytes: headBytes + prefix.payloadBytes,
      deadline,
      owner,
      state: 'queued',
    };
    this.#queue.push(frame);
    this.#count(frame.bytes);
    this.#schedule();
    return frame;
  }

  /**
   * Takes back a frame that has not left: its payload is not read any more; false when it is too late. The frame still
   * counts until its turn comes, so that calling and cancelling in a loop cannot fill the queue of a stalled peer.
   */
  withdraw(frame: QueuedFrame): boolean {
    if (frame.state !== 'queued') return false;
    frame.state = 'withdrawn';
    return true;
  }

  withdrawAll(): void {
    for (const frame of this.#queue) this.withdraw(frame);
  }

  /** Has `onFlush` called at the end of this turn, or when the outstanding send settles. */
  wake(): void {
    this.#schedule();
  }

  /** Sends what is queued, unless a send is outstanding: then it leaves when that settles, as ever. */
  flushNow(): void {
    if (this.#flushTimer === undefined) return;
    this.#flushTimer.cancel();
    this.#flushTimer = undefined;
    this.#flush();
  }

  /** Sends the end of the stream once everything queued has left. */
  endWhenEmpty(): void {
    this.#endWhenEmpty = true;
    this.#schedule();
  }

  /**
   * Drops everything: owners of frames that had not left are told that their payloads are free, those of the others once the send
   * that is outstanding settles, as it does soon on a connection that is gone.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#flushTimer?.cancel();
    const frames = this.#queue;
    this.#queue = [];
    this.#pieces = [];
    this.#slab = undefined;
    for (const frame of frames) this.#release(frame);
    if (this.#sendingSince === undefined) this.#releaseLeft();
  }

  #count(bytes: number): void {
    this.#queuedBytes += bytes;
    this.#options.metrics.sendQueueBytes += bytes;
  }

  #slabFor(bytes: number): Slab {
    const current = this.#slab;
    if (current !== undefined && current.bytes.byteLength - current.used >= bytes) return current;
    const slab = this.#options.slabs.take(bytes);
    if (slab.bytes.byteLength === slabBytes) {
      this.#slab = slab;
      if (current !== undefined && current.live === 0) this.#options.slabs.give(current);
    }
    return slab;
  }

  #schedule(): void {
    if (this.#flushTimer !== undefined || this.#sendingSince !== undefined || this.#closed) return;
    this.#flushTimer = this.#options.clock.nextTurn(() => {
      this.#flushTimer = undefined;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#sendingSince !== undefined || this.#closed) return;
    if (this.#pieces.length === 0) {
      this.#options.onFlush();
      this.#sealBatch();
    }
    if (this.#pieces.length > 0) {
      this.#sendStep();
      return;
    }
    // Withdrawn frames may have made room without anything being sent.
    this.#options.onSent();
    if (this.#endWhenEmpty && this.#queue.length === 0) this.#end();
  }

  /** Moves frames from the queue to the batch: a step's worth, the last one whole whatever its size. */
  #sealBatch(): void {
    const now = this.#options.clock.now();
    const queue = this.#queue;
    let bytes = 0;
    let count = 0;
    let run: { slab: Slab; start: number; end: number } | undefined;
    while (count < queue.length && bytes < sendStepBytes) {
      const frame = queue[count++];
      if (frame === undefined) break;
      if (frame.state === 'withdrawn') {
        this.#release(frame);
        continue;
      }
      this.#seal(frame, now);
      bytes += frame.bytes;
      if (run !== undefined && run.slab === frame.slab && run.end === frame.start) {
        run.end = frame.end;
      } else {
        if (run !== undefined) this.#pieces.push(run.slab.bytes.subarray(run.start, run.end));
        run = { slab: frame.slab, start: frame.start, end: frame.end };
      }
      if (frame.payload.length > 0) {
        this.#pieces.push(run.slab.bytes.subarray(run.start, run.end), ...frame.payload);
        run = undefined;
      }
    }
    if (run !== undefined) this.#pieces.push(run.slab.bytes.subarray(run.start, run.end));
    this.#queue = count === queue.length ? [] : queue.slice(count);
  }

  #end(): void {
    this.#endWhenEmpty = false;
    this.#options.connection.end();
  }

  #seal(frame: QueuedFrame, now: MonotonicMs): void {
    const { slab, start, end, payload } = frame;
    frame.state = 'leaving';
    if (frame.deadline !== undefined) writeDeadline(slab.view, start, remainingMs(frame.deadline, now));
    const { checksum, metrics } = this.#options;
    checksum?.seal(slab.bytes, slab.view, start, end, payload);
    this.#leaving.push(frame);
    metrics.framesSent++;
    metrics.bytesSent += frame.bytes;
    frame.owner?.frameLeft();
  }

  #sendStep(): void {
    const step = takeStep(this.#pieces);
    this.#sendingSince = this.#options.clock.now();
    this.#options.connection.send(step).then(this.#onSettled, this.#onFailed);
  }

  readonly #onSettled = (): void => {
    this.#sendingSince = undefined;
    if (this.#closed) {
      this.#releaseLeft();
      return;
    }
    if (this.#pieces.length === 0) this.#finishBatch();
    this.#flush();
  };

  #releaseLeft(): void {
    const frames = this.#leaving;
    this.#leaving = [];
    for (const frame of frames) this.#release(frame);
  }

  #finishBatch(): void {
    this.#releaseLeft();
    this.#retireSlab();
    this.#options.onSent();
  }

  readonly #onFailed = (error: unknown): void => {
    this.#sendingSince = undefined;
    if (this.#closed) this.#releaseLeft();
    else this.#options.onError(error);
  };

  #release(frame: QueuedFrame): void {
    frame.state = 'released';
    this.#count(-frame.bytes);
    // After a close the kernel may still be reading the slab: then it is left to the garbage collector.
    if (!this.#closed) this.#dropFrom(frame.slab);
    frame.owner?.frameReleased();
  }

  #dropFrom(slab: Slab): void {
    slab.live--;
    invariant(slab.live >= 0, 'a frame leaves its slab once');
    if (slab.live === 0 && slab !== this.#slab) this.#options.slabs.give(slab);
  }

  /** An idle connection holds no slab. */
  #retireSlab(): void {
    const slab = this.#slab;
    if (slab === undefined || slab.live > 0) return;
    this.#slab = undefined;
    this.#options.slabs.give(slab);
  }
}

/** What is left, in whole milliseconds, at least 0. */
function remainingMs(deadline: MonotonicMs, now: MonotonicMs): number {
  return Math.min(Math.max(0, Math.ceil(deadline - now)), noDeadline - 1);
}

/** Removes pieces of up to `sendStepBytes` from the front, cutting the last one. */
function takeStep(pieces: Uint8Array[]): Uint8Array[] {
  let bytes = 0;
  let count = 0;
  for (const piece of pieces) {
    if (bytes + piece.byteLength > sendStepBytes) break;
    bytes += piece.byteLength;
    count++;
  }
  const step = pieces.splice(0, count);
  const [next] = pieces;
  if (next !== undefined && bytes < sendStepBytes) {
    step.push(next.subarray(0, sendStepBytes - bytes));
    pieces[0] = next.subarray(sendStepBytes - bytes);
  }
  return step;
}
