/** What checkpoints and compaction do to the event loop, and to commits that come meanwhile. */
import { mkdirSync, rmSync } from 'node:fs';
import { GiB, KiB, loadText, type Context } from './context.js';
import { JobProcess } from './job-process.js';
import { middle } from '../median.js';
import type { LoadResult } from './put-load.js';
import type { Turns } from './turn-watch.js';

export interface TurnsResult {
  readonly idle: Turns & { readonly checkpointMs: number };
  readonly loaded: Turns & { readonly checkpointMs: number };
  readonly commits: readonly CommitRow[];
}

export interface CommitRow {
  readonly inFlight: number;
  readonly without: LoadResult;
  /** A checkpoint every 500 ms, of overwrites all over the index. */
  readonly checkpoints: LoadResult & Turns;
  /** p99 of these to their own median; the target is 3. */
  readonly p99ToMedian: number;
}

/** About 32 MiB of a layer, at 270 bytes an object of 4 KiB with its key. */
const layerObjects = 120_000;
const noCheckpoints = { layerBytesMax: 2 ** 40, layerMsMax: 2 ** 31 - 1 };
const bytes = 4 * KiB;
const target = 3;

export async function measureTurns(context: Context): Promise<TurnsResult> {
  const directory = `${context.directory}/turns`;
  mkdirSync(directory);
  try {
    const place = `${directory}/store`;
    const makeBytes = Math.min(6 * GiB, context.capacityBytesMax);
    const store = new JobProcess(context);
    await store.call('open', { directory: place, makeBytes, options: noCheckpoints });
    const fill = { bytes, inFlight: 64, ms: 1e9, countMax: layerObjects, prefix: 'turn/', objects: layerObjects };
    await store.call('put', fill);
    const { result: idleMs, ...idleTurns } = await store.call('checkpointWatched');
    await store.call('put', fill);
    const during = { ...fill, inFlight: 16, ms: 2_000, countMax: Infinity };
    const { result: busy, ...busyTurns } = await store.call('checkpointUnderLoad', during);
    const idle = { checkpointMs: idleMs, ...idleTurns };
    const loaded = { checkpointMs: busy.ms, ...busyTurns };
    context.say(`checkpoint of ${layerObjects} objects, idle:   ${turnsText(idle)}`);
    context.say(`checkpoint of ${layerObjects} objects, loaded: ${turnsText(loaded)}`);
    const plain = await commits(context, store);
    await store.end();
    const often = new JobProcess(context);
    await often.call('open', { directory: place, options: { layerMsMax: 500, kvWriteBufferBytes: 4 * 2 ** 20 } });
    // The compilers are to have seen as much as in the other process.
    await often.call('put', fill);
    const disturbed = await commits(context, often);
    await often.end();
    return { idle, loaded, commits: rowsOf(context, plain, disturbed) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

type Watched = LoadResult & Turns;

async function commits(context: Context, store: JobProcess): Promise<ReadonlyMap<number, Watched>> {
  const results = new Map<number, Watched>();
  for (const inFlight of [1, 16]) {
    const rounds: Watched[] = [];
    for (let round = 0; round < context.rounds; round += 1) {
      const args = { bytes, inFlight, ms: 2 * context.ms, countMax: Infinity, prefix: 'turn/', objects: layerObjects };
      const { result, ...turns } = await store.call('putWatched', args);
      rounds.push({ ...result, ...turns });
    }
    results.set(inFlight, middle(rounds));
  }
  return results;
}

function rowsOf(
  { say }: Context,
  plain: ReadonlyMap<number, LoadResult>,
  disturbed: ReadonlyMap<number, Watched>,
): CommitRow[] {
  return Array.from(disturbed, ([inFlight, checkpoints]) => {
    const without = plain.get(inFlight) ?? checkpoints;
    const p99ToMedian = checkpoints.p99Ms / checkpoints.p50Ms;
    say(`4 KiB x${String(inFlight).padEnd(2)} no checkpoints    ${loadText(without)}`);
    say(`${' '.repeat(9)}one every 500 ms  ${loadText(checkpoints)}  ${longestText(checkpoints)}`);
    say(`${' '.repeat(9)}target: p99 at most ${target} times the median; is ${p99ToMedian.toFixed(1)}`);
    return { inFlight, without, checkpoints, p99ToMedian };
  });
}

function turnsText({ checkpointMs, ...turns }: TurnsResult['idle']): string {
  return `${checkpointMs.toFixed(0)} ms, ${longestText(turns)}, longest collection ${turns.longestGcMs.toFixed(1)} ms`;
}

function longestText({ longestMs, longestCpuMs }: Turns): string {
  const cpu = longestCpuMs === undefined ? '' : ` (${longestCpuMs.toFixed(1)} ms of CPU)`;
  return `longest turn ${longestMs.toFixed(1)} ms${cpu}`;
}
