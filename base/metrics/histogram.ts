/**
 * How values are spread, in fixed buckets: an observation costs a binary search and two additions, whatever came before,
 * and histograms of many daemons can be added up (quantiles cannot).
 */
import { invariant } from '../invariant.js';

/** More would cost every scrape of every series; 20 already tell a factor of 2 over six decades. */
const bucketsMax = 64;

/** Seconds from 100 µs (a commit on a fast disk) to 10 s (what a client gives up on), about three to a decade. */
export const latencyBuckets: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Bytes from 256 B to 16 MiB (the largest transaction), by factors of 4. */
export const sizeBuckets: readonly number[] = exponentialBuckets(256, 4, 9);

/** `count` bounds: `start`, `start * factor`, ... */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  invariant(start > 0 && factor > 1 && count >= 1, 'exponential buckets grow from above zero', {
    start,
    factor,
    count,
  });
  return Array.from({ length: count }, (_, index) => start * factor ** index);
}

export class Histogram {
  /** Upper bounds, inclusive, ascending; the last bucket, without a bound, is not among them. */
  readonly bounds: readonly number[];
  /** Observations per bucket, not cumulative; one more than bounds. */
  readonly #counts: Float64Array;
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    checkBounds(bounds);
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#count;
  }

  /** A value in the metric's base unit. */
  observe(value: number): void {
    invariant(value > -Infinity && value < Infinity, 'an observed value is finite');
    let low = 0;
    let high = this.bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      // `middle` is within the bounds, so the fallback is never taken.
      if (value <= (this.bounds[middle] ?? Infinity)) high = middle;
      else low = middle + 1;
    }
    this.#counts[low] = (this.#counts[low] ?? 0) + 1;
    this.#sum += value;
    this.#count += 1;
  }

  /** Observations at or below each bound, then all of them. */
  cumulative(): number[] {
    let total = 0;
    return Array.from(this.#counts, (count) => (total += count));
  }
}

/** Throws `InvariantError` unless the bounds are finite and ascend. */
export function checkBounds(bounds: readonly number[]): void {
  invariant(bounds.length >= 1 && bounds.length <= bucketsMax, `a histogram has 1 to ${bucketsMax} bounds`, {
    count: bounds.length,
  });
  invariant(
    bounds.every((bound, index) => Number.isFinite(bound) && (index === 0 || bound > (bounds[index - 1] ?? Infinity))),
    'the bounds of a histogram are finite and ascend',
    { bounds },
  );
}
