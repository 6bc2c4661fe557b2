import type { Memory } from '../../../runtime/memory.js';

/** What one read was read into, given back together: for who knows when the last of it was used. */
export class ReadBuffers {
  readonly #memory: Memory;
  #taken: Uint8Array[] = [];

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  take(bytes: number): Uint8Array {
    const taken = this.#memory.take(bytes);
    this.#taken.push(taken);
    return taken;
  }

  /** Idempotent. */
  release(): void {
    for (const taken of this.#taken) this.#memory.give(taken);
    this.#taken = [];
  }
}
