/** What an object of 131,072 extents does to the event loop: clone, removal of the clone, removal. */
import { mkdirSync, rmSync } from 'node:fs';
import { bulkChanges, type BulkChange } from './bulk-load.js';
import { GiB, type Context } from './context.js';
import { JobProcess } from './job-process.js';
import type { Turns } from './turn-watch.js';

export interface BulkRow extends Turns {
  readonly change: BulkChange;
  /** Until the caller had his answer. */
  readonly ms: number;
  /** From then on, in the background. */
  readonly restMs: number;
}

const extents = 131_072;

export async function measureBulk(context: Context): Promise<BulkRow[]> {
  const directory = `${context.directory}/bulk`;
  mkdirSync(directory);
  try {
    const store = new JobProcess(context);
    const makeBytes = Math.min(2 * GiB, context.capacityBytesMax);
    await store.call('open', { directory: `${directory}/store`, makeBytes });
    const rows: BulkRow[] = [];
    // The compilers have seen none of it in the first round.
    for (const isWarm of [false, true]) {
      await store.call('fragment', extents);
      for (const change of Object.keys(bulkChanges) as BulkChange[]) {
        const { result, ...turns } = await store.call('bulkChange', change);
        const row = { change, ...result, ...turns };
        rows.push(row);
        context.say(`${isWarm ? 'again' : 'first'}, ${change.padEnd(16)} ${text(row)}`);
      }
    }
    await store.end();
    return rows;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function text({ ms, restMs, longestMs, longestCpuMs, longestGcMs }: BulkRow): string {
  const cpu = longestCpuMs === undefined ? '' : ` (${longestCpuMs.toFixed(1)} ms of CPU)`;
  const times = `answered after ${ms.toFixed(0)} ms, done after ${restMs.toFixed(0)} ms more`;
  return `${times}; longest turn ${longestMs.toFixed(1)} ms${cpu}, longest collection ${longestGcMs.toFixed(1)} ms`;
}
