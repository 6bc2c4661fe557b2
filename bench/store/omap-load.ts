/** One object's omap, as a bucket index uses it: inserts in random order, ordered scans, values with a body. */
import { payloadOf, type Mutation } from '../../osd/store/transaction.js';
import type { Store } from '../../osd/store/store.js';
import { lanes, shuffled } from './lanes.js';
import { benchObject, benchPg, summarize, type LoadResult } from './put-load.js';

export interface InsertArgs {
  readonly omap: string;
  readonly keys: number;
  readonly headBytes: number;
  /** 0: none. */
  readonly bodyBytes: number;
  readonly perTransaction: number;
  readonly inFlight: number;
}

export interface ScanArgs {
  readonly omap: string;
  readonly keys: number;
  readonly reverse: boolean;
}

export interface OmapGetArgs {
  readonly omap: string;
  readonly keys: number;
  readonly bodyBytes: number;
  readonly inFlight: number;
  readonly ms: number;
}

const scanPage = 1_000;
const session = new Uint8Array(16);
const reply = new Uint8Array(8);

/** Rates and CPU are for each key; latencies are those of transactions. */
export async function insert(store: Store, args: InsertArgs): Promise<LoadResult> {
  const object = benchObject(args.omap, 0);
  const pg = benchPg(object);
  const head = new Uint8Array(args.headBytes).fill(0x68);
  const bodies =
    args.bodyBytes === 0 ? [] : [{ slot: 0 as const, body: payloadOf(new Uint8Array(args.bodyBytes).fill(0x62)) }];
  let { lastSeq } = store.logBounds(pg);
  let next = 0;
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  await lanes(args.inFlight, async () => {
    if (next >= args.keys) return false;
    const mutations: Mutation[] = [];
    for (; mutations.length < args.perTransaction && next < args.keys; next++) {
      mutations.push({ kind: 'omap-set', object, key: keyOf(shuffled(next, args.keys)), head, bodies });
    }
    lastSeq += 1;
    const entry = { seq: lastSeq, term: 1, object, session, request: lastSeq, reply };
    const trim = lastSeq > 3_000 && lastSeq % 256 === 0 ? { trimTo: lastSeq - 3_000 } : {};
    const start = performance.now();
    await store.apply({ pg, blockShift: 16, mutations, entry, ...trim });
    latencies.push(performance.now() - start);
    return true;
  });
  const result = summarize(latencies, performance.now() - began, process.cpuUsage(cpu), 0);
  const perKey = args.keys / result.count;
  return {
    ...result,
    perSecond: result.perSecond * perKey,
    mebibytesPerSecond: (result.perSecond * perKey * (args.headBytes + args.bodyBytes)) / 2 ** 20,
    cpuMicroseconds: result.cpuMicroseconds / perKey,
  };
}

/** Rates and CPU are for each key; latencies are those of pages of 1,000 keys. */
export async function scan(store: Store, { omap, keys, reverse }: ScanArgs): Promise<LoadResult> {
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  const walk = store.objects.omapWalk(benchObject(omap, 0), { from: '' }, { reverse });
  let seen = 0;
  try {
    for (;;) {
      const start = performance.now();
      const entries = await walk.next(scanPage);
      latencies.push(performance.now() - start);
      if (entries.length === 0) break;
      seen += entries.length;
    }
  } finally {
    await walk.close();
  }
  if (seen !== keys) throw new Error(`a scan saw ${seen} keys instead of ${keys}`);
  const result = summarize(latencies, performance.now() - began, process.cpuUsage(cpu), 0);
  const perKey = seen / result.count;
  return { ...result, perSecond: result.perSecond * perKey, cpuMicroseconds: result.cpuMicroseconds / perKey };
}

/** Head and body of one key. */
export async function omapGet(store: Store, args: OmapGetArgs): Promise<LoadResult> {
  const object = benchObject(args.omap, 0);
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  let next = 0;
  await lanes(args.inFlight, async () => {
    if (performance.now() - began >= args.ms) return false;
    const key = keyOf(shuffled(next, args.keys));
    next += 1;
    const start = performance.now();
    const [item, body] = await Promise.all([
      store.objects.omapGet(object, key),
      store.objects.omapBody(object, key, 0),
    ]);
    latencies.push(performance.now() - start);
    if (item === undefined || body?.byteLength !== args.bodyBytes) throw new Error(`${key} is not what was stored`);
    return true;
  });
  return summarize(latencies, performance.now() - began, process.cpuUsage(cpu), args.bodyBytes);
}

function keyOf(number: number): string {
  return `photos/2026/${number.toString().padStart(10, '0')}.jpg`;
}
