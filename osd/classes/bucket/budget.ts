/** How much one call of a listing looks at: whoever lists asks again, and others of the shard come in between (DESIGN.md section 7). */
import type { ClassClock } from '../object-class.js';

const keysMax = 10_000;
const turnMsMax = 20;

export class Budget {
  readonly #clock: ClassClock;
  readonly #until: number;
  #examined = 0;

  constructor(clock: ClassClock) {
    this.#clock = clock;
    this.#until = clock.now() + turnMsMax;
  }

  get examined(): number {
    return this.#examined;
  }

  spend(keys: number): void {
    this.#examined += keys;
  }

  get isSpent(): boolean {
    return this.#examined >= keysMax || this.#clock.now() >= this.#until;
  }
}
