/** A closed loop: so many operations at a time, each followed by the next, for so long. */
import { monotonicMs } from '../base/instants.js';
import type { Clock, Timer } from '../runtime/clock.js';
import { type LatencySummary, summarize } from './latency-summary.js';

export interface Load {
  readonly seconds: number;
  readonly inFlight: number;
  /** One operation; the bytes that it moved, or `undefined` when there is nothing left to do. Numbers count from 0. */
  readonly operation: (number: number) => Promise<number | undefined>;
  readonly signal: AbortSignal;
  /** Once a second, with what was done since the last time. */
  readonly onSecond: (second: LoadSecond) => void;
}

export interface LoadSecond {
  readonly seconds: number;
  readonly operations: number;
  readonly bytesPerSecond: number;
  readonly meanBytesPerSecond: number;
}

export interface LoadResult {
  readonly seconds: number;
  readonly operations: number;
  readonly bytes: number;
  readonly latencyMs: LatencySummary;
}

/** Ends early, in good order, by `signal`. Errors: the first of an operation, when all that were begun have settled. */
export async function runLoad(clock: Clock, load: Load): Promise<LoadResult> {
  const begun = clock.now();
  const end = monotonicMs(begun + load.seconds * 1_000);
  const latencies: number[] = [];
  let bytes = 0;
  let number = 0;
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;
  const isDone = (): boolean => isOver || failure !== undefined || load.signal.aborted || clock.now() >= end;
  const worker = async (): Promise<void> => {
    while (!isDone()) {
      const at = clock.now();
      const done = await load.operation(number++);
      if (done === undefined) isOver = true;
      else {
        bytes += done;
        latencies.push(clock.now() - at);
      }
    }
  };
  const stop = eachSecond(clock, (seconds, last) => {
    const meanBytesPerSecond = bytes / seconds;
    const bytesPerSecond = bytes - last.bytes;
    last.bytes = bytes;
    load.onSecond({ seconds, operations: latencies.length, bytesPerSecond, meanBytesPerSecond });
  });
  const workers = Array.from({ length: load.inFlight }, () =>
    worker().catch((error: unknown) => {
      failure ??= { error };
    }),
  );
  await Promise.all(workers);
  stop();
  if (failure !== undefined) throw failure.error;
  const seconds = (clock.now() - begun) / 1_000;
  return { seconds, operations: latencies.length, bytes, latencyMs: summarize(latencies) };
}

function eachSecond(clock: Clock, tell: (seconds: number, last: { bytes: number }) => void): () => void {
  const last = { bytes: 0 };
  let seconds = 0;
  let timer: Timer;
  const tick = (): void => {
    seconds += 1;
    tell(seconds, last);
    timer = clock.after(1_000, tick);
  };
  timer = clock.after(1_000, tick);
  return () => timer.cancel();
}
