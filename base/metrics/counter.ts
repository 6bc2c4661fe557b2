import { invariant } from '../invariant.js';

/** A number that only grows: events, bytes, seconds spent. It starts at 0 with the process; rates are the reader's. */
export class Counter {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  /** `by` is finite and 0 or more. */
  add(by = 1): void {
    invariant(by >= 0 && by < Infinity, 'a counter never goes back');
    this.#value += by;
  }
}
