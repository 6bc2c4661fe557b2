/** Transactions of one size at one depth, against a store in this process. */
import { payloadOf, type Transaction } from '../../osd/store/transaction.js';
import { objectId, type ObjectId } from '../../osd/store/object-id.js';
import { pgOfHash } from '../../cluster/object-placement.js';
import { poolId, type PgId } from '../../cluster/ids.js';
import type { Store } from '../../osd/store/store.js';

export interface LoadOptions {
  readonly bytes: number;
  readonly inFlight: number;
  /** Ends after so many milliseconds or so many transactions, whichever is first. */
  readonly ms: number;
  readonly countMax: number;
  /** Names are `prefix` + number. */
  readonly prefix: string;
  /** Numbers go round at this many: further transactions overwrite. */
  readonly objects: number;
}

export interface LoadResult {
  readonly count: number;
  readonly perSecond: number;
  readonly mebibytesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of the whole process, all threads, for each transaction. */
  readonly cpuMicroseconds: number;
}

const pool = poolId(1);
const pgNum = 64;
const session = new Uint8Array(16);
const reply = new Uint8Array(8);

export function benchObject(prefix: string, number: number): ObjectId {
  return objectId(pool, { namespace: '', locator: '', name: `${prefix}${number.toString(36).padStart(8, '0')}` });
}

export function benchPg(object: ObjectId): PgId {
  return { pool, pg: pgOfHash(object.hash, pgNum) };
}

/** As the PG layer will write it: data, one attribute, a log entry; the log is trimmed to 3,000 entries a PG. */
export class PutMaker {
  readonly #seqs = new Map<number, number>();
  readonly #data: Uint8Array;
  readonly #options: Pick<LoadOptions, 'prefix' | 'objects'>;
  #number = 0;

  constructor(store: Store, bytes: number, options: Pick<LoadOptions, 'prefix' | 'objects'>) {
    this.#options = options;
    this.#data = new Uint8Array(bytes);
    for (let i = 0; i < bytes; i++) this.#data[i] = Math.imul(i, 0x9e3779b1) >>> 24;
    for (let pg = 0; pg < pgNum; pg++) this.#seqs.set(pg, store.logBounds({ pool, pg }).lastSeq);
  }

  next(): Transaction {
    const object = benchObject(this.#options.prefix, this.#number % this.#options.objects);
    const pg = benchPg(object);
    const seq = (this.#seqs.get(pg.pg) ?? 0) + 1;
    this.#seqs.set(pg.pg, seq);
    this.#number += 1;
    return {
      pg,
      blockShift: 16,
      mutations: [{ kind: 'write', object, offset: 0, data: payloadOf(this.#data) }],
      entry: { seq, term: 1, object, session, request: this.#number, reply },
      ...(seq > 3_000 && seq % 256 === 0 ? { trimTo: seq - 3_000 } : {}),
    };
  }
}

export async function putLoad(store: Store, options: LoadOptions): Promise<LoadResult> {
  return summarizePut(await runPut(store, options), options);
}

/** Of each transaction how long it took, and of all of them. */
export interface PutTimes {
  readonly latenciesMs: number[];
  readonly elapsedMs: number;
  readonly cpu: NodeJS.CpuUsage;
}

/** Apart from the load: to sort a hundred thousand numbers is a long turn. */
export function summarizePut({ latenciesMs, elapsedMs, cpu }: PutTimes, { bytes }: LoadOptions): LoadResult {
  return summarize(latenciesMs, elapsedMs, cpu, bytes);
}

export async function runPut(store: Store, options: LoadOptions): Promise<PutTimes> {
  const maker = new PutMaker(store, options.bytes, options);
  const latenciesMs: number[] = [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  let count = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - began < options.ms && count < options.countMax) {
      count += 1;
      const start = performance.now();
      await store.submit(maker.next()).durable;
      latenciesMs.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: options.inFlight }, lane));
  return { latenciesMs, elapsedMs: performance.now() - began, cpu: process.cpuUsage(cpu) };
}

export function summarize(latencies: number[], elapsedMs: number, cpu: NodeJS.CpuUsage, bytes: number): LoadResult {
  latencies.sort((a, b) => a - b);
  const count = latencies.length;
  const at = (share: number): number => latencies[Math.min(count - 1, Math.floor(count * share))] ?? 0;
  const perSecond = (1_000 * count) / elapsedMs;
  return {
    count,
    perSecond,
    mebibytesPerSecond: (perSecond * bytes) / 2 ** 20,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    cpuMicroseconds: (cpu.user + cpu.system) / Math.max(1, count),
  };
}
