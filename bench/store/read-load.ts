/** Reads of whole objects in an order that looks random. */
import type { Store } from '../../osd/store/store.js';
import { lanes, shuffled } from './lanes.js';
import { benchObject, summarize, type LoadResult } from './put-load.js';

export interface ReadArgs {
  readonly prefix: string;
  readonly objects: number;
  readonly bytes: number;
  readonly inFlight: number;
  readonly ms: number;
  /** Each object at most once: what was read is in the page cache. */
  readonly once: boolean;
}

export async function readLoad(store: Store, args: ReadArgs): Promise<LoadResult> {
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  let next = 0;
  await lanes(args.inFlight, async () => {
    if (performance.now() - began >= args.ms || (args.once && next >= args.objects)) return false;
    const object = benchObject(args.prefix, shuffled(next, args.objects));
    next += 1;
    const start = performance.now();
    const pieces = await store.objects.read(object, 0, args.bytes);
    latencies.push(performance.now() - start);
    const got = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    if (got !== args.bytes) throw new Error(`${got} bytes were read instead of ${args.bytes}`);
    return true;
  });
  return summarize(latencies, performance.now() - began, process.cpuUsage(cpu), args.bytes);
}
