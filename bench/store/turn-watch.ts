/** The longest turn of this process's event loop, and the longest pause of the garbage collector in it. */
import { closeSync, openSync, readSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

export interface Turns {
  /** By the delay of a timer of 1 ms: counts the time that the thread waited for a core, too. */
  readonly longestMs: number;
  /** By the CPU time of the thread, as Linux tells it: what the turn would be with a core of its own. Else `undefined`. */
  readonly longestCpuMs: number | undefined;
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
  const cpu = new CpuWatch();
  try {
    const result = await work();
    // A turn that has just been long is noted when the timer fires after it.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const longestMs = Math.max(0, delays.max / 1e6 - resolutionMs);
    return { result, longestMs, longestCpuMs: cpu.longestMs, longestGcMs };
  } finally {
    cpu.stop();
    delays.disable();
    collections.disconnect();
  }
}

/** What the main thread used between two ticks of a timer of 1 ms: at most what the longest turn did, and that millisecond. */
class CpuWatch {
  readonly #fd = openScheduler();
  readonly #text = Buffer.alloc(128);
  readonly #timer: NodeJS.Timeout;
  #last = this.#usedMs();
  #longestMs = 0;

  constructor() {
    this.#timer = setInterval(() => {
      const used = this.#usedMs();
      this.#longestMs = Math.max(this.#longestMs, used - this.#last);
      this.#last = used;
    }, resolutionMs);
  }

  get longestMs(): number | undefined {
    return this.#fd === undefined ? undefined : this.#longestMs;
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#fd !== undefined) closeSync(this.#fd);
  }

  #usedMs(): number {
    if (this.#fd === undefined) return 0;
    const bytes = readSync(this.#fd, this.#text, 0, this.#text.byteLength, 0);
    return Number.parseInt(this.#text.toString('latin1', 0, bytes), 10) / 1e6;
  }
}

/** Its first number is the time on a core, in nanoseconds. */
function openScheduler(): number | undefined {
  try {
    return openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  } catch {
    return undefined;
  }
}
