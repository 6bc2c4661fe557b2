/** The cleaner, unthrottled, on segments of which every other object was removed. */
import { mkdirSync, rmSync } from 'node:fs';
import { GiB, KiB, MiB, sizeText, type Context } from './context.js';
import { JobProcess } from './job-process.js';

export interface CleanRow {
  readonly bytes: number;
  readonly segments: number;
  /** Live bytes copied. */
  readonly movedPerSecond: number;
  /** Whole segments. */
  readonly cleanedPerSecond: number;
  readonly cpuMsPerMoved: number;
}

const segmentMebibytes = 64;

export async function measureCleaning(context: Context): Promise<CleanRow[]> {
  const rows: CleanRow[] = [];
  for (const bytes of [4 * KiB, 64 * KiB, 1 * MiB]) {
    const row = await cleaningOf(context, bytes);
    rows.push(row);
    context.say(
      `objects of ${sizeText(bytes).padEnd(7)} ${row.segments} segments: ${row.movedPerSecond.toFixed(0).padStart(4)} MiB/s moved, ` +
        `${row.cleanedPerSecond.toFixed(0).padStart(4)} MiB/s of segments, CPU ${row.cpuMsPerMoved.toFixed(1)} ms for each MiB moved`,
    );
  }
  return rows;
}

async function cleaningOf(context: Context, bytes: number): Promise<CleanRow> {
  const directory = `${context.directory}/cleaning`;
  mkdirSync(directory);
  const store = new JobProcess(context);
  try {
    const makeBytes = Math.min(3 * GiB, context.capacityBytesMax);
    const options = { cleanerBytesPerSecond: Infinity };
    await store.call('open', { directory: `${directory}/store`, makeBytes, options });
    const objects = ((context.quick ? 128 : 512) * MiB) / bytes;
    const prefix = 'clean/';
    await store.call('put', { bytes, inFlight: 64, ms: 1e9, countMax: objects, prefix, objects });
    await store.call('remove', { prefix, objects, step: 2 });
    const { segments, ms, movedBytes, cpuMs } = await store.call('clean');
    const moved = movedBytes / MiB;
    return {
      bytes,
      segments,
      movedPerSecond: (1_000 * moved) / ms,
      cleanedPerSecond: (1_000 * segments * segmentMebibytes) / ms,
      cpuMsPerMoved: cpuMs / moved,
    };
  } finally {
    await store.end();
    rmSync(directory, { recursive: true });
  }
}
