/** Lets requests wait until something about the leadership changes, without polling. */
import type { Clock, WaitOptions } from '../../runtime/clock.js';
import { raceWithWait } from '../../runtime/wait.js';

export class StatusGate {
  readonly #clock: Clock;
  #waiters = new Set<() => void>();
  readonly #watchers = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  open(): void {
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const wake of waiters) wake();
    for (const watcher of this.#watchers) watcher();
  }

  /** Called each time until the function returned is. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Errors: `DEADLINE_EXCEEDED`, `CANCELLED`. */
  changed(wait: WaitOptions): Promise<void> {
    return raceWithWait<void>(this.#clock, wait, 'waiting for the monitors to agree on a leader', (race) => {
      const wake = (): void => race.win();
      this.#waiters.add(wake);
      return () => this.#waiters.delete(wake);
    });
  }
}
