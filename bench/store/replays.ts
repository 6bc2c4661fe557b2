/** How fast a log is replayed of which nothing is in a checkpoint. */
import { mkdirSync, rmSync } from 'node:fs';
import { dropCaches, GiB, KiB, MiB, sizeText, type Context } from './context.js';
import { IndexWatch } from './index-watch.js';
import { JobProcess } from './job-process.js';

export interface ReplayRow {
  readonly bytes: number;
  readonly cold: boolean;
  readonly batches: number;
  readonly ms: number;
  /** Of client data. */
  readonly mebibytesPerSecond: number;
}

/**
 * So large and so old that no checkpoint is made; nor for want of a segment that is ready, as they come when the log is faster
 * than new segments are written with zeros.
 */
const noCheckpoints = { layerBytesMax: 2 ** 40, layerMsMax: 2 ** 31 - 1, prewrite: false };

export async function measureReplays(context: Context): Promise<ReplayRow[]> {
  const rows: ReplayRow[] = [];
  for (const bytes of [4 * KiB, 64 * KiB]) {
    for (const row of await replaysOf(context, bytes)) {
      rows.push(row);
      const mebibytes = (row.mebibytesPerSecond * row.ms) / 1_000;
      context.say(
        `${mebibytes.toFixed(0)} MiB in objects of ${sizeText(bytes)}, ${row.cold ? 'cold' : 'hot'}: ${row.ms.toFixed(0)} ms, ` +
          `${row.mebibytesPerSecond.toFixed(0)} MiB/s, ${row.batches} batches`,
      );
    }
  }
  return rows;
}

async function replaysOf(context: Context, bytes: number): Promise<ReplayRow[]> {
  const directory = `${context.directory}/replays`;
  mkdirSync(directory);
  try {
    const store = new JobProcess(context);
    const tailBytes = (context.quick ? 256 : 1_024) * MiB;
    const makeBytes = Math.min(4 * GiB, context.capacityBytesMax);
    const place = `${directory}/store`;
    await store.call('open', { directory: place, makeBytes, options: noCheckpoints });
    const watch = new IndexWatch(`${place}/index`);
    const objects = tailBytes / bytes;
    await store.call('put', { bytes, inFlight: 64, ms: 1e9, countMax: objects, prefix: 'replay/', objects });
    await store.kill();
    watch.close();
    if (watch.writtenBytes() > 0) context.say('a checkpoint came between: less was replayed than these figures say');
    const rows: ReplayRow[] = [];
    for (const cold of [false, true]) {
      if (cold && !dropCaches()) continue;
      const again = new JobProcess(context);
      const { ms, replayedBatches } = await again.call('open', { directory: place, options: noCheckpoints });
      // Killed, so that the next finds the same.
      await again.kill();
      rows.push({
        bytes,
        cold,
        batches: replayedBatches,
        ms,
        mebibytesPerSecond: (1_000 * tailBytes) / MiB / ms,
      });
    }
    return rows;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
