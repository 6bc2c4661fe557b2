import type { Parameters as Options } from 'fast-check';

/** So many random inputs, or as many as fit into half a second; with `RUNS` set, that many, however long they take. */
export function boxed<T>(numRuns: number): Options<T> {
  const { RUNS } = process.env;
  if (RUNS !== undefined) return { numRuns: Number(RUNS) };
  return { numRuns, interruptAfterTimeLimit: 500, markInterruptAsFailure: false };
}
