/** A closed loop: so many changes in flight at any time, each followed by the next. */

export interface LoadResult {
  readonly inFlight: number;
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** `change(worker, n)` makes the worker's nth change; worker `0` to `inFlight - 1`. A change that fails ends the measurement. */
export async function runLoad(
  change: (worker: number, n: number) => Promise<unknown>,
  { inFlight, ms }: { readonly inFlight: number; readonly ms: number },
): Promise<LoadResult> {
  const latencies: number[] = [];
  const begun = performance.now();
  const end = begun + ms;
  const work = async (worker: number): Promise<void> => {
    for (let n = 0; ; n += 1) {
      const start = performance.now();
      if (start >= end) return;
      await change(worker, n);
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, worker) => work(worker)));
  const seconds = (performance.now() - begun) / 1000;
  return {
    inFlight,
    count: latencies.length,
    perSecond: latencies.length / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

/** NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}
