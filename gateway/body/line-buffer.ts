import { viewBuffer } from '../../base/bytes.js';

const lineFeed = 0x0a;

/** Puts together a line that arrives in pieces, each byte looked at once. */
export class LineBuffer {
  readonly #bytes: Buffer;
  #used = 0;
  #isWhole = false;

  /** `bytesMax` of a line, its line feed included. */
  constructor(bytesMax: number) {
    this.#bytes = Buffer.allocUnsafe(bytesMax);
  }

  /** Whether the line feed has come. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** Reads `piece` from index `at` up to the end of the line or of the piece; returns where it stopped, or -1 when the line is too long. */
  fill(piece: Uint8Array, at: number): number {
    const room = this.#bytes.byteLength - this.#used;
    // A body of megabytes without any line feed is not searched for one.
    const window = piece.subarray(at, at + room);
    const lineFeedAt = window.indexOf(lineFeed);
    this.#isWhole = lineFeedAt !== -1;
    const count = this.#isWhole ? lineFeedAt + 1 : window.byteLength;
    this.#bytes.set(viewBuffer(window).subarray(0, count), this.#used);
    this.#used += count;
    const isFull = this.#used === this.#bytes.byteLength && !this.#isWhole;
    return isFull ? -1 : at + count;
  }

  /** What has come of the line, as latin1 with its line feed if it has one; the next line starts. */
  take(): string {
    const line = this.#bytes.toString('latin1', 0, this.#used);
    this.#used = 0;
    this.#isWhole = false;
    return line;
  }
}
