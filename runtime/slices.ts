/**
 * Runs long computations beside everything else of a process: their steps, as long as one turn of the event loop may
 * take, then the other work's turn (DESIGN.md section 8). One object for computations that follow one another, so that many
 * small ones share a turn and do not make a long one together.
 */
import type { MonotonicMs } from '../base/instants.js';
import type { Steps } from '../base/steps.js';
import type { Clock } from './clock.js';

/** Of the 20 ms that a turn may take, the share of one computation. */
const sliceMs = 5;

export class Slices {
  readonly #clock: Pick<Clock, 'now' | 'yieldTurn'>;
  #begun: MonotonicMs;

  constructor(clock: Pick<Clock, 'now' | 'yieldTurn'>) {
    this.#clock = clock;
    this.#begun = clock.now();
  }

  /** Between two steps of a caller that counts by itself: the other work's turn, if it is time. */
  async pause(): Promise<void> {
    if (this.#clock.now() - this.#begun < sliceMs) return;
    await this.#clock.yieldTurn();
    this.#begun = this.#clock.now();
  }

  /** Runs all steps and returns their result; what they read must not change meanwhile. One call at a time. */
  async run<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (this.#clock.now() - this.#begun < sliceMs) continue;
      await this.#clock.yieldTurn();
      this.#begun = this.#clock.now();
    }
  }
}
