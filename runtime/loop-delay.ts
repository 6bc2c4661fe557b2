/** How late this process's event loop is, by how late its own timers fire: what everybody who waits for it waits, too. */
import type { MonotonicMs } from '../base/instants.js';

/** The worst of so many: what an operator should see of a stall some seconds ago. */
const samplesKept = 100;

export class LoopDelay {
  readonly #samples: number[] = [];
  #expectedAt: MonotonicMs | undefined;

  /** Called by a periodic timer when it fires, and then says when it should fire next. */
  fired(now: MonotonicMs, next: MonotonicMs): void {
    if (this.#expectedAt !== undefined) this.#samples.push(Math.max(0, now - this.#expectedAt));
    if (this.#samples.length > samplesKept) this.#samples.shift();
    this.#expectedAt = next;
  }

  get worstMs(): number {
    return this.#samples.reduce((worst, sample) => Math.max(worst, sample), 0);
  }
}
