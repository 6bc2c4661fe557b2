/** Writes and reads of whole objects through the client, so many at a time. */
import type { PoolClient } from '../../client/pool-client.js';

export interface LoadResult {
  readonly count: number;
  readonly perSecond: number;
  readonly mebibytesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface LoadOptions {
  readonly kind: 'write' | 'read';
  readonly bytes: number;
  readonly inFlight: number;
  readonly ms: number;
  /** Names go round at this many. */
  readonly objects: number;
  /** Ends sooner, after so many. */
  readonly countMax?: number;
  /** Ends sooner, when it says so. */
  readonly isOver?: (() => boolean) | undefined;
}

export async function objectLoad(pool: PoolClient, options: LoadOptions): Promise<LoadResult> {
  const { kind, bytes, inFlight, ms, objects, countMax = Infinity, isOver = never } = options;
  const data = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) data[i] = Math.imul(i, 0x9e3779b1) >>> 24;
  const latencies: number[] = [];
  const began = performance.now();
  let number = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - began < ms && number < countMax && !isOver()) {
      const name = `bench-${bytes}-${number++ % objects}`;
      const start = performance.now();
      if (kind === 'write') await pool.writeFull(name, data);
      else (await pool.operate(name, { reads: [{ kind: 'read', offset: 0, bytes }] })).release();
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return summarize(latencies, performance.now() - began, bytes);
}

function never(): boolean {
  return false;
}

function summarize(latencies: number[], elapsedMs: number, bytes: number): LoadResult {
  latencies.sort((a, b) => a - b);
  const count = latencies.length;
  const at = (share: number): number => latencies[Math.min(count - 1, Math.floor(count * share))] ?? NaN;
  const perSecond = (1_000 * count) / elapsedMs;
  const mebibytesPerSecond = (perSecond * bytes) / 2 ** 20;
  return { count, perSecond, mebibytesPerSecond, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
