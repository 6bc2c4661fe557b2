/** Reads of whole objects, hot and cold. */
import { mkdirSync, rmSync } from 'node:fs';
import { dropCaches, GiB, KiB, loadText, MiB, sizeText, type Context } from './context.js';
import { JobProcess } from './job-process.js';
import { middle } from '../median.js';
import type { LoadResult } from './put-load.js';

export interface ReadRow {
  readonly bytes: number;
  readonly inFlight: number;
  readonly hot: LoadResult;
  /** `undefined` where the page cache may not be dropped. The index stays in the memory of the process. */
  readonly cold: LoadResult | undefined;
}

const sizes = [4 * KiB, 64 * KiB, 4 * MiB];
const depths = [1, 16, 64];
const objectsOf = (bytes: number): number => Math.min(32_768, (256 * MiB) / bytes);

export async function measureReads(context: Context): Promise<ReadRow[]> {
  const directory = `${context.directory}/reads`;
  mkdirSync(directory);
  const store = new JobProcess(context);
  try {
    const makeBytes = Math.min(2 * GiB, context.capacityBytesMax);
    await store.call('open', { directory: `${directory}/store`, makeBytes });
    const rows: ReadRow[] = [];
    for (const bytes of sizes) rows.push(...(await readsOf(context, store, bytes)));
    if (rows.some(({ cold }) => cold === undefined))
      context.say('cold reads: left out, the page cache may not be dropped');
    return rows;
  } finally {
    await store.end();
    rmSync(directory, { recursive: true });
  }
}

async function readsOf(context: Context, store: JobProcess, bytes: number): Promise<ReadRow[]> {
  const objects = objectsOf(bytes);
  const prefix = `read${bytes}/`;
  await store.call('put', { bytes, inFlight: 16, ms: 1e9, countMax: objects, prefix, objects });
  await store.call('checkpoint');
  const rows: ReadRow[] = [];
  for (const inFlight of depths) {
    const args = { prefix, objects, bytes, inFlight, ms: context.ms };
    const [hot, cold]: [LoadResult[], LoadResult[]] = [[], []];
    for (let round = 0; round < context.rounds; round += 1) {
      if (dropCaches()) cold.push(await store.call('read', { ...args, once: true }));
      // Everything once, so that all of it is hot.
      await store.call('read', { ...args, inFlight: 16, ms: 120_000, once: true });
      hot.push(await store.call('read', { ...args, once: false }));
    }
    const row = { bytes, inFlight, hot: middle(hot), cold: cold.length === 0 ? undefined : middle(cold) };
    rows.push(row);
    const name = `${sizeText(bytes)} x${inFlight}`.padEnd(11);
    context.say(`${name} hot   ${loadText(row.hot)}`);
    if (row.cold !== undefined) context.say(`${' '.repeat(11)} cold  ${loadText(row.cold)}`);
  }
  return rows;
}
