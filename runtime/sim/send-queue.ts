/** What a connection was given to send: callers' memory first, then copies in the kernel's send buffer. */
import { joined } from './joined.js';
import type { LentBuffers } from './lent.js';

export interface WaitingSend {
  readonly chunks: readonly Uint8Array[];
  readonly lent: LentBuffers;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class SendQueue {
  readonly #bytesMax: number;
  readonly #waiting: WaitingSend[] = [];
  /** How far the kernel got with the first of them. */
  #chunk = 0;
  #offset = 0;
  #unsent: Uint8Array[] = [];
  #bufferedBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** In the send buffer: not sent yet, or sent and not acknowledged. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#unsent.length === 0;
  }

  /** The next segment for the cable. */
  get firstUnsent(): Uint8Array | undefined {
    return this.#unsent[0];
  }

  add(send: WaitingSend): void {
    this.#waiting.push(send);
  }

  /** Takes from callers what fits into the send buffer, in segments of `segmentBytes()`; returns the sends that are done. */
  fill(segmentBytes: () => number): WaitingSend[] {
    const done: WaitingSend[] = [];
    for (let send = this.#waiting[0]; send !== undefined; send = this.#waiting[0]) {
      while (this.#chunk < send.chunks.length) {
        const room = this.#bytesMax - this.#bufferedBytes;
        const segment = this.#take(send.chunks, Math.min(room, segmentBytes()));
        if (segment !== undefined) {
          this.#unsent.push(segment);
          this.#bufferedBytes += segment.byteLength;
        }
        if (this.#chunk < send.chunks.length && this.#bufferedBytes >= this.#bytesMax) return done;
      }
      this.#waiting.shift();
      this.#chunk = 0;
      this.#offset = 0;
      done.push(send);
    }
    return done;
  }

  /** `firstUnsent` is on its way. */
  shiftUnsent(): void {
    this.#unsent.shift();
  }

  acknowledge(bytes: number): void {
    this.#bufferedBytes -= bytes;
  }

  /** The process takes no part any more: returns its sends that the kernel has not taken whole. */
  dropWaiting(): WaitingSend[] {
    return this.#waiting.splice(0);
  }

  dropUnsent(): void {
    this.#unsent = [];
  }

  /** Copies the next bytes, at most `bytesMax`; `undefined` when there are none left or no room. */
  #take(chunks: readonly Uint8Array[], bytesMax: number): Uint8Array | undefined {
    const pieces: Uint8Array[] = [];
    let room = bytesMax;
    for (let chunk = chunks[this.#chunk]; chunk !== undefined; chunk = chunks[this.#chunk]) {
      const left = chunk.byteLength - this.#offset;
      if (left > room) {
        if (room > 0) pieces.push(chunk.subarray(this.#offset, this.#offset + room));
        this.#offset += room;
        break;
      }
      if (left > 0) pieces.push(chunk.subarray(this.#offset));
      room -= left;
      this.#chunk += 1;
      this.#offset = 0;
    }
    return pieces.length === 0 ? undefined : joined(pieces);
  }
}
