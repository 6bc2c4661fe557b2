/**
 * Room that those who are under way share, in bytes or in requests: whoever finds none waits, in order, and a line that is
 * too long refuses. Large and small wait in one line, so a large one is never passed by for ever.
 */
import { CairnError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import type { Clock, WaitOptions } from '../runtime/clock.js';
import { type Race, raceWithWait } from '../runtime/wait.js';

export interface GateOptions {
  /** In errors: `bytes in flight`. */
  readonly what: string;
  readonly capacity: number;
  /** Beyond so many in line, `OVERLOADED`. */
  readonly waitersMax: number;
}

interface Waiter {
  readonly amount: number;
  readonly race: Race<undefined>;
}

export class Gate {
  readonly #clock: Clock;
  readonly #options: GateOptions;
  readonly #line = new Set<Waiter>();
  #used = 0;
  #refusals = 0;
  #closedBy: CairnError | undefined;

  constructor(clock: Clock, options: GateOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  get used(): number {
    return this.#used;
  }

  get waiting(): number {
    return this.#line.size;
  }

  get refusals(): number {
    return this.#refusals;
  }

  /** At once when there is room and nobody waits. More than all of it counts as all. Errors: as `WaitOptions`, `OVERLOADED`. */
  async enter(amount: number, wait: WaitOptions): Promise<void> {
    if (this.#closedBy !== undefined) throw this.#closedBy;
    const { capacity, waitersMax, what } = this.#options;
    const share = Math.min(amount, capacity);
    if (this.#line.size === 0 && this.#used + share <= capacity) {
      this.#used += share;
      return;
    }
    if (this.#line.size >= waitersMax) {
      this.#refusals += 1;
      throw new CairnError('OVERLOADED', `${waitersMax} operations wait for room (${what}) already; wait for some`);
    }
    await raceWithWait<undefined>(this.#clock, wait, `waiting for room (${what})`, (race) => {
      const waiter = { amount: share, race };
      this.#line.add(waiter);
      return () => {
        this.#line.delete(waiter);
        // It may have stood before those who need less.
        this.#admit();
      };
    });
  }

  leave(amount: number): void {
    this.#used -= Math.min(amount, this.#options.capacity);
    invariant(this.#used >= 0, 'nobody leaves who has not entered', { used: this.#used });
    this.#admit();
  }

  /** Whoever waits, and whoever comes, gets `reason`. */
  close(reason: CairnError): void {
    this.#closedBy ??= reason;
    const line = [...this.#line];
    this.#line.clear();
    for (const { race } of line) race.fail(this.#closedBy);
  }

  #admit(): void {
    for (const waiter of this.#line) {
      if (this.#used + waiter.amount > this.#options.capacity) return;
      this.#line.delete(waiter);
      this.#used += waiter.amount;
      waiter.race.win(undefined);
    }
  }
}
