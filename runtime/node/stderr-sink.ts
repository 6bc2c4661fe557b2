/**
 * Lines on their way to a descriptor, written beside the event loop: a stalled pipe must not stall a daemon. pino's own
 * destination (sonic-boom) is not used, because its `flushSync` tries again for ever when the reader is gone (EPIPE) or
 * the disk is full, and a daemon that has to stop would hang instead; and because it throws when a log file's disk is
 * full, which is no reason to stop.
 */
import * as fs from 'node:fs';
import { errnoOf } from './errno.js';

/** What a stalled reader may hold back in memory; beyond it lines are dropped rather than kept. */
const bufferedCharactersMax = 4 * 2 ** 20;

/**
 * In one write of the thread pool: PIPE_BUF of Linux, up to which a write to a pipe is whole. So a `flush` beside it
 * cannot land amidst a line (unless that line alone is longer).
 */
const bytesPerWriteMax = 4096;

/** Between two attempts when a non-blocking pipe is full. */
const retryMs = 10;

/** How long `flush` waits for a pipe that is full. */
const flushMsMax = 2_000;

export class StderrSink {
  readonly #fd: number;
  readonly #waiting: string[] = [];
  #waitingCharacters = 0;
  /** Handed to the thread pool. */
  #writing: Buffer | undefined;
  #flushesAtExit = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(line: string): void {
    if (this.#waitingCharacters + line.length > bufferedCharactersMax) return;
    this.#waiting.push(line);
    this.#waitingCharacters += line.length;
    if (!this.#flushesAtExit) {
      this.#flushesAtExit = true;
      process.once('exit', () => {
        this.flush();
      });
    }
    if (this.#writing === undefined) this.#writeOn(this.#take());
  }

  /** Returns when all lines are written, or cannot be. Those in the hands of the thread pool are its own. */
  flush(): void {
    const end = performance.now() + flushMsMax;
    for (let left = this.#take(); left.byteLength > 0;) {
      try {
        left = left.subarray(fs.writeSync(this.#fd, left));
        if (left.byteLength === 0) left = this.#take();
      } catch (error) {
        if (errnoOf(error) !== 'EAGAIN' || performance.now() > end) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
      }
    }
  }

  /** The first waiting line, and those behind it that fit into one write. */
  #take(): Buffer {
    let bytes = 0;
    const lines: Buffer[] = [];
    for (const line of this.#waiting) {
      const encoded = Buffer.from(line);
      if (lines.length > 0 && bytes + encoded.byteLength > bytesPerWriteMax) break;
      bytes += encoded.byteLength;
      this.#waitingCharacters -= line.length;
      lines.push(encoded);
    }
    this.#waiting.splice(0, lines.length);
    return Buffer.concat(lines);
  }

  #writeOn(bytes: Buffer): void {
    this.#writing = bytes;
    fs.write(this.#fd, bytes, (error, count) => {
      if (errnoOf(error) === 'EAGAIN') {
        setTimeout(() => {
          this.#writeOn(bytes);
        }, retryMs);
        return;
      }
      // What cannot be written is dropped; the next lines may find room again.
      const left = error === null ? bytes.subarray(count) : bytes.subarray(bytes.byteLength);
      this.#writing = undefined;
      if (left.byteLength > 0) this.#writeOn(left);
      else if (this.#waiting.length > 0) this.#writeOn(this.#take());
    });
  }
}
