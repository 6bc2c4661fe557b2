/**
 * Who may move data now: so many at a time, the most urgent first, and among those the one that waits longest. Pure.
 *
 * Without a bound all PGs of a lost OSD would copy at once, each a little, and none would be whole before all are: the time with
 * fewer copies would be the longest there is for every one of them.
 */

export interface Reservation {
  /** Gives the place up, or the wait for it. Idempotent. */
  release(): void;
}

interface Waiting {
  readonly urgency: number;
  readonly start: () => void;
}

export class Reservations {
  readonly #max: number;
  readonly #waiting = new Set<Waiting>();
  readonly #running = new Set<Waiting>();

  constructor(max: number) {
    this.#max = max;
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** `start` is called once, at once if there is room. A lower `urgency` goes first: copies that the PG has. */
  request(urgency: number, start: () => void): Reservation {
    const waiting = { urgency, start };
    this.#waiting.add(waiting);
    this.#fill();
    return {
      release: () => {
        this.#waiting.delete(waiting);
        if (this.#running.delete(waiting)) this.#fill();
      },
    };
  }

  #fill(): void {
    while (this.#running.size < this.#max) {
      let first: Waiting | undefined;
      for (const one of this.#waiting) if (first === undefined || one.urgency < first.urgency) first = one;
      if (first === undefined) return;
      this.#waiting.delete(first);
      this.#running.add(first);
      first.start();
    }
  }
}
