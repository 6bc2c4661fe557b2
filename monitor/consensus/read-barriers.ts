/**
 * Barriers before reads: the core names an index at which a read is linearizable (ReadIndex), and the barrier opens once
 * that is applied here. Barriers that come in one turn share one question to the core.
 */
import { CairnError } from '../../base/errors.js';
import type { Clock, WaitOptions } from '../../runtime/clock.js';
import { raceWithWait, type Race } from '../../runtime/wait.js';
import type { LogIndex } from '../raft/types.js';
import { waitersMax } from './options.js';

interface Waiter {
  readonly race: Race<void>;
  isGone: boolean;
}

export class ReadBarriers {
  readonly #clock: Clock;
  readonly #onWork: () => void;
  /** To be asked about in this turn. */
  #waiting: Waiter[] = [];
  /** Refused: to be asked about again at the next tick. */
  #refused: Waiter[] = [];
  /** Asked about, by id. */
  readonly #asked = new Map<number, Waiter[]>();
  #known: { readonly index: LogIndex; readonly waiters: readonly Waiter[] }[] = [];
  #lastId = 0;
  #count = 0;
  #closed: CairnError | undefined;

  constructor(clock: Clock, onWork: () => void) {
    this.#clock = clock;
    this.#onWork = onWork;
  }

  /** Waiters held, in whatever state, and also those whose deadline has passed since the last tick. */
  get size(): number {
    const lists = [this.#waiting, this.#refused, ...this.#asked.values(), ...this.#known.map(({ waiters }) => waiters)];
    return lists.reduce((sum, waiters) => sum + waiters.length, 0);
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  async add(wait: WaitOptions): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#count >= waitersMax) {
      throw new CairnError('OVERLOADED', `${this.#count} reads wait for their barrier already; retry later`);
    }
    this.#count += 1;
    try {
      await raceWithWait<void>(this.#clock, wait, 'a read barrier', (race) => {
        const waiter = { race, isGone: false };
        this.#waiting.push(waiter);
        this.#onWork();
        return () => {
          waiter.isGone = true;
        };
      });
    } finally {
      this.#count -= 1;
    }
  }

  /** The id to ask the core with, on behalf of all that wait. */
  take(): number | undefined {
    const waiters = this.#waiting.filter(({ isGone }) => !isGone);
    this.#waiting = [];
    if (waiters.length === 0) return undefined;
    this.#lastId += 1;
    this.#asked.set(this.#lastId, waiters);
    return this.#lastId;
  }

  /** The core's answer; `undefined`: refused, for want of a leader or of its majority. */
  answered(id: number, index: LogIndex | undefined): void {
    const waiters = this.#asked.get(id) ?? [];
    this.#asked.delete(id);
    if (index === undefined) this.#refused.push(...waiters);
    else if (waiters.length > 0) this.#known.push({ index, waiters });
  }

  onApplied(applied: number): void {
    if (this.#known.length === 0) return;
    const open = this.#known.filter(({ index }) => index <= applied);
    if (open.length === 0) return;
    this.#known = this.#known.filter(({ index }) => index > applied);
    for (const { waiters } of open) for (const { race } of waiters) race.win();
  }

  /**
   * Time has passed: those that were refused try again, until their own deadlines. Whose deadline is over is forgotten, or
   * they would gather for as long as nothing is applied, such as during a restore.
   */
  onTick(): void {
    this.#known = this.#known
      .map(({ index, waiters }) => ({ index, waiters: waiters.filter(({ isGone }) => !isGone) }))
      .filter(({ waiters }) => waiters.length > 0);
    if (this.#refused.length === 0) return;
    this.#waiting.push(...this.#refused);
    this.#refused = [];
  }

  close(error: CairnError): void {
    this.#closed = error;
    const known = this.#known.flatMap(({ waiters }) => waiters);
    for (const { race } of [...this.#waiting, ...this.#refused, ...[...this.#asked.values()].flat(), ...known]) {
      race.fail(error);
    }
    this.#waiting = [];
    this.#refused = [];
    this.#asked.clear();
    this.#known = [];
  }
}
