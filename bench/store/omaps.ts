/** The omap of one object: a bucket index. */
import { mkdirSync, rmSync } from 'node:fs';
import { GiB, KiB, loadText, type Context } from './context.js';
import { JobProcess } from './job-process.js';
import { middle } from '../median.js';
import type { LoadResult } from './put-load.js';

export interface OmapRow {
  readonly what: string;
  /** Of keys; latencies are those of calls. */
  readonly result: LoadResult;
}

const headBytes = 200;
const bodyBytes = 4 * KiB;

export async function measureOmaps(context: Context): Promise<OmapRow[]> {
  const directory = `${context.directory}/omaps`;
  mkdirSync(directory);
  const store = new JobProcess(context);
  const rows: OmapRow[] = [];
  const add = (what: string, result: LoadResult): void => {
    rows.push({ what, result });
    context.say(`${what.padEnd(34)}${loadText(result)}`);
  };
  try {
    const makeBytes = Math.min(2 * GiB, context.capacityBytesMax);
    await store.call('open', { directory: `${directory}/store`, makeBytes });
    const keys = context.quick ? 20_000 : 100_000;
    const inserts = [
      { perTransaction: 1, inFlight: 64 },
      { perTransaction: 100, inFlight: 1 },
      { perTransaction: 100, inFlight: 16 },
    ];
    for (const { perTransaction, inFlight } of inserts) {
      const omap = `omap${perTransaction}x${inFlight}`;
      const args = { omap, keys, headBytes, bodyBytes: 0, perTransaction, inFlight };
      add(`insert, ${perTransaction} a transaction, x${inFlight}`, await store.call('insert', args));
    }
    await store.call('checkpoint');
    for (const reverse of [false, true]) {
      const rounds: LoadResult[] = [];
      for (let round = 0; round < context.rounds; round += 1) {
        rounds.push(await store.call('scan', { omap: 'omap100x1', keys, reverse }));
      }
      add(`scan ${reverse ? 'back' : 'forward'}, pages of 1,000`, middle(rounds));
    }
    await measureBodies(context, store, add);
    return rows;
  } finally {
    await store.end();
    rmSync(directory, { recursive: true });
  }
}

async function measureBodies(
  context: Context,
  store: JobProcess,
  add: (what: string, result: LoadResult) => void,
): Promise<void> {
  const omap = 'bodies';
  const keys = context.quick ? 5_000 : 20_000;
  const args = { omap, keys, headBytes, bodyBytes, perTransaction: 1, inFlight: 64 };
  add('insert with 4 KiB body, x64', await store.call('insert', args));
  await store.call('checkpoint');
  for (const inFlight of [1, 16]) {
    const rounds: LoadResult[] = [];
    for (let round = 0; round < context.rounds; round += 1) {
      rounds.push(await store.call('omapGet', { omap, keys, bodyBytes, inFlight, ms: context.ms }));
    }
    add(`get with 4 KiB body, x${inFlight}`, middle(rounds));
  }
}
