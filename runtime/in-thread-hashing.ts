/** `Hashing` in this thread: short streams, and all streams of simulations. */
import { CairnError } from '../base/errors.js';
import { createHasher, type HashAlgorithm, type Hasher } from './hasher.js';
import type { Digests, Hashing, HashStream } from './hashing.js';

export class InThreadHashing implements Hashing {
  start(algorithms: readonly HashAlgorithm[]): HashStream {
    return new InThreadStream(algorithms);
  }
}

class InThreadStream implements HashStream {
  /** `undefined` once it ended. */
  #hashers: Map<HashAlgorithm, Hasher> | undefined;

  constructor(algorithms: readonly HashAlgorithm[]) {
    this.#hashers = new Map(algorithms.map((algorithm) => [algorithm, createHasher(algorithm)]));
  }

  async update(bytes: Uint8Array): Promise<void> {
    for (const hasher of this.#open().values()) hasher.update(bytes);
  }

  async finish(): Promise<Digests> {
    const hashers = this.#open();
    this.#hashers = undefined;
    return new Map([...hashers].map(([algorithm, hasher]) => [algorithm, hasher.digest()]));
  }

  abandon(): void {
    this.#hashers = undefined;
  }

  #open(): Map<HashAlgorithm, Hasher> {
    if (this.#hashers === undefined) throw streamEnded();
    return this.#hashers;
  }
}

export function streamEnded(): CairnError {
  return new CairnError('CLOSED', 'these digests were finished or abandoned already');
}
