import { monotonicMs, wallMs, type MonotonicMs, type WallMs } from '../../base/instants.js';
import type { Clock, Timer } from '../../runtime/clock.js';

interface Pending extends Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Time that moves only by `advance`; turns are those of the event loop. */
export class ManualClock implements Clock {
  #now = 1000;
  readonly #pending = new Set<Pending>();

  get timers(): number {
    return this.#pending.size;
  }

  now(): MonotonicMs {
    return monotonicMs(this.#now);
  }

  wall(): WallMs {
    return wallMs(this.#now);
  }

  after(delayMs: number, callback: () => void): Timer {
    const pending: Pending = {
      at: this.#now + delayMs,
      callback,
      cancel: () => {
        this.#pending.delete(pending);
      },
    };
    this.#pending.add(pending);
    return pending;
  }

  nextTurn(callback: () => void): Timer {
    const immediate = setImmediate(callback);
    return { cancel: () => clearImmediate(immediate) };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  yieldTurn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  /** Time passes, and nothing is called meanwhile, as when the process stands still. */
  leap(ms: number): void {
    this.#now += ms;
  }

  /** Fires what is due on the way, in order, and lets the event loop turn after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#pending].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      for (let turns = 0; turns < 4; turns++) await this.yieldTurn();
    }
    this.#now = end;
  }
}
