/** What a kernel received for a process that has not read it yet; read in pieces that the seed decides. */
import { joined } from './joined.js';
import type { Prng } from './prng.js';

/** As much as one read of the real runtime returns. */
const readBytesMax = 65_536;

export class ReceiveQueue {
  readonly #prng: Prng;
  #segments: Uint8Array[] = [];
  #bytes = 0;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(segment: Uint8Array): void {
    this.#segments.push(segment);
    this.#bytes += segment.byteLength;
  }

  /** What one read returns: as a rule a segment, now and then a piece of one or two joined. `undefined` when empty. */
  take(): Uint8Array | undefined {
    const [first, second] = this.#segments;
    if (first === undefined) return undefined;
    const draw = this.#prng.below(8);
    let chunk = first;
    if (draw === 0 && first.byteLength > 1) {
      const at = 1 + this.#prng.below(first.byteLength - 1);
      chunk = first.subarray(0, at);
      this.#segments[0] = first.subarray(at);
    } else if (draw <= 2 && second !== undefined && first.byteLength + second.byteLength <= readBytesMax) {
      chunk = joined([first, second]);
      this.#segments.splice(0, 2);
    } else {
      this.#segments.shift();
    }
    this.#bytes -= chunk.byteLength;
    return chunk;
  }

  clear(): void {
    this.#segments = [];
    this.#bytes = 0;
  }
}
