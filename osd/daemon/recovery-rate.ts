/** How fast this OSD brings others up to date, of the last seconds: a join may be shorter than the pause between two looks. */
import type { MonotonicMs } from '../../base/instants.js';
import type { PoolId } from '../../cluster/ids.js';
import { type PoolRecoveryRow, recoveringPoolsMax } from '../../protocol/monitor-methods.js';
import { nothingRecovered, type Recovered } from '../recovery/recovered.js';

/** Long enough to even out objects of different sizes, short enough to show that it slowed down. */
const windowMs = 10_000;

interface Look {
  readonly at: MonotonicMs;
  readonly recovered: Recovered;
}

export class RecoveryRate {
  #looks: Look[] = [];

  /**
   * About once a second, with what was recovered since a fixed time, and whether anything is to be recovered now. Per second.
   * What was done before a pause is no pace: a few values copied then would promise years for what comes now.
   */
  look(at: MonotonicMs, recovered: Recovered, isBusy: boolean): Recovered {
    const last = this.#looks.at(-1)?.recovered;
    // Another service counts from 0.
    const isAnother = last !== undefined && recovered.copiedObjects < last.copiedObjects;
    if (isAnother || (!isBusy && recovered === last)) this.#looks = [];
    this.#looks.push({ at, recovered });
    while (this.#isFirstOfNoUse(at)) this.#looks.shift();
    const first = this.#looks[0] ?? { at, recovered };
    if (at <= first.at) return nothingRecovered;
    const rate = (field: keyof Recovered): number =>
      ((recovered[field] - first.recovered[field]) * 1_000) / (at - first.at);
    return {
      copiedObjects: rate('copiedObjects'),
      copiedBytes: rate('copiedBytes'),
      sameObjects: rate('sameObjects'),
      sameBytes: rate('sameBytes'),
    };
  }

  /** It is too old, or from before it began: the pause before the first object is no part of the rate. */
  #isFirstOfNoUse(now: MonotonicMs): boolean {
    const [first, second] = this.#looks;
    return (
      first !== undefined && second !== undefined && (now - first.at > windowMs || first.recovered === second.recovered)
    );
  }
}

/** The rate of each pool that has one, as beacons tell it. */
export class PoolRecoveryRates {
  readonly #pools = new Map<PoolId, RecoveryRate>();
  #lookedAt: MonotonicMs | undefined;

  /** As `RecoveryRate.look`. */
  look(at: MonotonicMs, recovered: ReadonlyMap<PoolId, Recovered>, isBusy: boolean): PoolRecoveryRow[] {
    for (const pool of this.#pools.keys()) if (!recovered.has(pool)) this.#pools.delete(pool);
    const rows: PoolRecoveryRow[] = [];
    for (const [pool, done] of recovered) {
      let rate = this.#pools.get(pool);
      if (rate === undefined) {
        rate = new RecoveryRate();
        this.#pools.set(pool, rate);
        // Nothing was done of it when it was looked at last.
        rate.look(this.#lookedAt ?? at, nothingRecovered, isBusy);
      }
      const { copiedObjects, copiedBytes, sameObjects, sameBytes } = rate.look(at, done, isBusy);
      if (copiedObjects + sameObjects + copiedBytes + sameBytes === 0) continue;
      rows.push([pool, copiedObjects, copiedBytes, sameObjects, sameBytes]);
    }
    this.#lookedAt = at;
    return rows.sort((a, b) => b[2] + b[4] - a[2] - a[4]).slice(0, recoveringPoolsMax);
  }
}
