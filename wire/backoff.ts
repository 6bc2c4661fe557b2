import type { Random } from '../runtime/random.js';

/**
 * Delays between attempts: 0, then doubling from `minMs` to `maxMs`, each cut by up to half at random, so that all who
 * lost one peer do not come back in step.
 */
export class Backoff {
  readonly #random: Random;
  readonly #minMs: number;
  readonly #maxMs: number;
  #failures = 0;

  constructor(random: Random, options: { readonly minMs: number; readonly maxMs: number }) {
    this.#random = random;
    this.#minMs = options.minMs;
    this.#maxMs = options.maxMs;
  }

  nextMs(): number {
    const exponent = this.#failures++ - 1;
    if (exponent < 0) return 0;
    const ceilingMs = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(exponent, 30));
    return ceilingMs * (0.5 + this.#random.float() / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}
