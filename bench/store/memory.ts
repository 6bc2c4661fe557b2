import { setImmediate } from 'node:timers/promises';

/** Memory of this process after the collector ran: needs `--expose-gc`. */
export interface Memory {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
}

const collectionsMax = 10;

export async function memory(): Promise<Memory> {
  // Until it gets no smaller: what a finalizer lets go, in a turn of its own, is collected by the next.
  let least = Infinity;
  for (let i = 0; i < collectionsMax; i++) {
    globalThis.gc?.();
    await setImmediate();
    const { heapUsed, external } = process.memoryUsage();
    if (i > 0 && heapUsed + external >= least) break;
    least = heapUsed + external;
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssBytes: rss, heapBytes: heapUsed, externalBytes: external };
}
