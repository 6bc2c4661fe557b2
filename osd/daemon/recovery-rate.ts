/** How fast this OSD brings others up to date, of the last seconds: a join may be shorter than the pause between two looks. */
import type { MonotonicMs } from '../../base/instants.js';
import type { Recovered } from '../pg/pg-service.js';
import { nothingRecovered } from '../pg/pg-service.js';

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
