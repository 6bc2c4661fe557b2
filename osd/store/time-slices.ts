/** Long work in the background, between two turns of the event loop: in slices, none of which is much longer than it should be. */
import type { Clock } from '../../runtime/clock.js';

const sliceMsDefault = 2;

export class TimeSlices {
  readonly #clock: Pick<Clock, 'now' | 'yieldTurn'>;
  readonly #stepsPerLook: number;
  readonly #sliceMs: () => number;
  #start: number;
  #steps = 0;

  /**
   * `stepsPerLook`: so many steps pass between two looks at the clock; 1 for steps that may take long. `sliceMs`: how long a slice may
   * be by now.
   */
  constructor(
    clock: Pick<Clock, 'now' | 'yieldTurn'>,
    stepsPerLook: number,
    sliceMs: () => number = () => sliceMsDefault,
  ) {
    this.#clock = clock;
    this.#stepsPerLook = stepsPerLook;
    this.#sliceMs = sliceMs;
    this.#start = clock.now();
  }

  /** Behind each step. Lets other work run when the slice has been long enough. */
  async pass(): Promise<void> {
    if (this.isOver()) await this.next();
  }

  /** As `pass`, where to wait for nothing costs as much as a step: to be asked once for each, then `next` if it is so. */
  isOver(): boolean {
    this.#steps += 1;
    return this.#steps % this.#stepsPerLook === 0 && this.#clock.now() - this.#start >= this.#sliceMs();
  }

  async next(): Promise<void> {
    await this.#clock.yieldTurn();
    this.#start = this.#clock.now();
  }
}
