/**
 * What a holder knows of its grantors: one lease for each, shared by all PGs that both take part in. A thousand PGs cost as
 * many messages as one.
 */
import type { MonotonicMs } from '../../../base/instants.js';
import type { StoreNumber } from '../../../cluster/ids.js';
import type { Member } from '../../../cluster/pg-record.js';
import { ClockWatch } from './clock-watch.js';
import { type Clocks, heldMs } from './lease-time.js';
import type { PgName } from './types.js';

export interface Pair {
  readonly grantor: Member;
  /** The newest run that was heard of; 0 before. Everything below is of that run. */
  boot: number;
  /** Valid before this, on the own clock. */
  until: number;
  /** When it was asked last. */
  askedAt: number;
  /** PGs that remember something of the grantor; with none the pair is forgotten. */
  users: number;
  /** PGs that need the lease. */
  wanted: number;
  /** Names to be acknowledged with the next ask, by PG. */
  readonly toNote: Map<number, PgName>;
}

export class LeasePairs {
  readonly #pairs = new Map<StoreNumber, Pair>();
  readonly #watch: ClockWatch;
  /** Asks up to this instant were before a suspension, perhaps. */
  #voidedAt = -Infinity;

  constructor(clocks: Clocks) {
    this.#watch = new ClockWatch(clocks);
  }

  /** Before anything is concluded from the time: a suspended machine voids all that it was granted. True if it was. */
  observe(clocks: Clocks): boolean {
    if (!this.#watch.observe(clocks)) return false;
    this.#voidedAt = clocks.now;
    for (const pair of this.#pairs.values()) {
      pair.until = -Infinity;
      pair.askedAt = -Infinity;
    }
    return true;
  }

  get(store: StoreNumber): Pair | undefined {
    return this.#pairs.get(store);
  }

  all(): Iterable<Pair> {
    return this.#pairs.values();
  }

  /** An ask at `now` would be void by itself: it could be one from before the suspension. */
  mayAsk(now: MonotonicMs): boolean {
    return now > this.#voidedAt;
  }

  /** When asks count again. */
  get asksFrom(): number {
    return this.#voidedAt + 1;
  }

  /** Made on first use; `drop` it once for each `use`. */
  use(grantor: Member): Pair {
    let pair = this.#pairs.get(grantor.store);
    if (pair === undefined) {
      pair = { grantor, boot: 0, until: -Infinity, askedAt: -Infinity, users: 0, wanted: 0, toNote: new Map() };
      this.#pairs.set(grantor.store, pair);
    }
    pair.users += 1;
    return pair;
  }

  drop(pair: Pair): void {
    pair.users -= 1;
    if (pair.users === 0) this.#pairs.delete(pair.grantor.store);
  }

  /**
   * True if `boot` is the run that the pair is of, from now on. A later one ends what its predecessor granted: it has forgotten
   * its promises, and names nothing for the terms that were left before it started.
   */
  meet(pair: Pair, boot: number): boolean {
    if (boot > pair.boot) {
      pair.boot = boot;
      pair.until = -Infinity;
    }
    return boot === pair.boot;
  }

  /** Names come first: whoever calls has dropped every PG that the grant is not for. */
  extend(pair: Pair, askedAt: MonotonicMs, now: MonotonicMs): void {
    // What comes from another process is not believed to be of this clock.
    if (!(askedAt > this.#voidedAt && askedAt <= now)) return;
    pair.until = Math.max(pair.until, askedAt + heldMs);
  }
}
