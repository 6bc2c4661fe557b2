/** Checks the rule that a lent buffer is left alone until its promise settles (docs/TESTING.md, "Buffers"). */
import { InvariantError } from '../../base/invariant.js';
import { xxh64 } from '../../base/xxh64.js';

/** What released memory holds, so that a view used too late reads nonsense instead of luckily right bytes. */
const poisonByte = 0xdd;

export function poison(memory: Uint8Array): void {
  memory.fill(poisonByte);
}

export class LentBuffers {
  readonly #borrower: string;
  readonly #chunks: readonly Uint8Array[];
  readonly #checksums: readonly bigint[];

  /** `borrower` is the call that took them, for the error. */
  constructor(borrower: string, chunks: readonly Uint8Array[]) {
    this.#borrower = borrower;
    // The list itself is the caller's too.
    this.#chunks = [...chunks];
    this.#checksums = chunks.map((chunk) => xxh64(chunk));
  }

  /** The error to stop the process with, if the caller changed a buffer meanwhile. */
  check(): InvariantError | undefined {
    const index = this.#chunks.findIndex((chunk, i) => xxh64(chunk) !== this.#checksums[i]);
    if (index === -1) return undefined;
    return new InvariantError(`a buffer lent to ${this.#borrower} is left alone until its promise settles`, {
      chunk: index,
      bytes: this.#chunks[index]?.byteLength,
    });
  }
}
