/** What OSDs that join were brought up to date with: what they were sent, and what they were found to have. */
import type { PoolId } from '../../cluster/ids.js';

export interface Recovered {
  readonly copiedObjects: number;
  readonly copiedBytes: number;
  readonly sameObjects: number;
  readonly sameBytes: number;
}

export const nothingRecovered: Recovered = { copiedObjects: 0, copiedBytes: 0, sameObjects: 0, sameBytes: 0 };

export function sumOf(a: Recovered, b: Recovered): Recovered {
  return {
    copiedObjects: a.copiedObjects + b.copiedObjects,
    copiedBytes: a.copiedBytes + b.copiedBytes,
    sameObjects: a.sameObjects + b.sameObjects,
    sameBytes: a.sameBytes + b.sameBytes,
  };
}

/** By pool, and of all of them, since it was made. */
export class RecoveredCounts {
  readonly #pools = new Map<PoolId, Recovered>();
  #all = nothingRecovered;

  get all(): Recovered {
    return this.#all;
  }

  get pools(): ReadonlyMap<PoolId, Recovered> {
    return this.#pools;
  }

  add(pool: PoolId, done: Recovered): void {
    this.#all = sumOf(this.#all, done);
    this.#pools.set(pool, sumOf(this.#pools.get(pool) ?? nothingRecovered, done));
  }
}
