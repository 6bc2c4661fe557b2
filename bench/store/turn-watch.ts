/** The longest turn of this process's event loop, and the longest pause of the garbage collector in it. */
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

export interface Turns {
  /** By the delay of a timer of 1 ms: counts the time that the thread waited for a core, too. */
  readonly longestMs: number;
  readonly longestGcMs: number;
}

const resolutionMs = 1;
const delays = monitorEventLoopDelay({ resolution: resolutionMs });
let longestGcMs = 0;
const collections = new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longestGcMs = Math.max(longestGcMs, duration);
});

export async function watched<T>(work: () => Promise<T>): Promise<{ readonly result: T } & Turns> {
  longestGcMs = 0;
  collections.observe({ entryTypes: ['gc'] });
  delays.reset();
  delays.enable();
  try {
    const result = await work();
    // A turn that has just been long is noted when the timer fires after it.
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { result, longestMs: Math.max(0, delays.max / 1e6 - resolutionMs), longestGcMs };
  } finally {
    delays.disable();
    collections.disconnect();
  }
}
