/** LevelDB alone, by `level`, storing the same values with a sync for each put: what the store is compared with. */
import { Level } from 'level';
import { lanes } from './lanes.js';
import { summarize, type LoadOptions, type LoadResult } from './put-load.js';

let database: Level<string, Uint8Array> | undefined;

export async function levelOpen(directory: string): Promise<void> {
  // As large a memory table as the store's own.
  database = new Level(directory, { valueEncoding: 'view', writeBufferSize: 32 * 1024 * 1024 });
  await database.open();
}

export async function levelPut({ bytes, inFlight, ms, countMax, prefix, objects }: LoadOptions): Promise<LoadResult> {
  if (database === undefined) throw new Error('no LevelDB is open in this process');
  const { put } = levelOf(database);
  const value = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) value[i] = Math.imul(i, 0x9e3779b1) >>> 24;
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  let count = 0;
  await lanes(inFlight, async () => {
    if (performance.now() - began >= ms || count >= countMax) return false;
    const key = `${prefix}${(count % objects).toString(36).padStart(8, '0')}`;
    count += 1;
    const start = performance.now();
    await put(key, value);
    latencies.push(performance.now() - start);
    return true;
  });
  return summarize(latencies, performance.now() - began, process.cpuUsage(cpu), bytes);
}

export async function levelClose(): Promise<void> {
  await database?.close();
  database = undefined;
}

function levelOf(level: Level<string, Uint8Array>): { put: (key: string, value: Uint8Array) => Promise<void> } {
  return { put: (key, value) => level.put(key, value, { sync: true }) };
}
