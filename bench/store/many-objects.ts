/** A million objects of 4 KiB: bytes written for each byte stored, memory, and how long it takes to come back. */
import { mkdirSync, rmSync } from 'node:fs';
import { dropCaches, GiB, KiB, loadText, MiB, type Context } from './context.js';
import { IndexWatch } from './index-watch.js';
import { JobProcess } from './job-process.js';
import type { Memory } from './memory.js';
import type { LoadResult } from './put-load.js';

export interface AmplificationRow {
  readonly what: string;
  readonly life: 'first' | 'second';
  readonly load: LoadResult;
  /** Bytes written for each byte of client data, after everything came to rest. */
  readonly amplification: number;
  /** The same by the whole device: with the journal, and with what other processes wrote. */
  readonly device: number;
  /** The part of it in LevelDB's directory. */
  readonly index: number;
}

export interface ManyObjectsResult {
  readonly objects: number;
  readonly rows: readonly AmplificationRow[];
  readonly memory: {
    readonly empty: Memory;
    readonly written: Memory;
    readonly emptyReopened: Memory;
    readonly reopened: Memory;
    /** Of the process that wrote them, and of one that opened the store: RSS beyond the empty store's. */
    readonly writtenBytesPerObject: number;
    readonly reopenedBytesPerObject: number;
  };
  readonly restarts: readonly Restart[];
}

export interface Restart {
  readonly what: string;
  readonly openMs: number;
  /** The slowest of the first reads, which go on for 1 ms. */
  readonly readMs: number;
  readonly replayedBatches: number;
}

interface Load {
  readonly bytes: number;
  readonly inFlight: number;
  readonly count: number;
  readonly prefix: string;
}

/** Little enough to be left out of account: as LevelDB has it by default. */
const kvCacheBytes = 8 * MiB;

export async function measureManyObjects(context: Context): Promise<ManyObjectsResult> {
  const directory = `${context.directory}/many`;
  mkdirSync(directory);
  try {
    const { objects } = context;
    // Twice what they take, and what the other loads do.
    const makeBytes = Math.min(10 * KiB * objects + 2 * GiB, context.capacityBytesMax);
    const place = `${directory}/store`;
    const first = new JobProcess(context);
    await first.call('open', { directory: place, makeBytes, options: { kvCacheBytes } });
    const empty = await first.call('memory');
    const watch = new IndexWatch(`${place}/index`);
    const rows: AmplificationRow[] = [];
    try {
      const own = { context, store: first, watch, objects };
      rows.push(...(await life(own, 'first')));
      await first.call('fillAndEmpty');
      rows.push(...(await life(own, 'second')));
      const loads = lastLoad(objects);
      rows.push(await amplification(own, 'second', loads));
    } finally {
      watch.close();
    }
    const written = await first.call('memory');
    await first.end();
    const { memory: reopened, restarts } = await restartsOf(context, place, objects);
    const emptyReopened = await memoryOfEmpty(context, `${directory}/empty`);
    const memory = {
      empty,
      written,
      emptyReopened,
      reopened,
      writtenBytesPerObject: (written.rssBytes - empty.rssBytes) / objects,
      reopenedBytesPerObject: (reopened.rssBytes - emptyReopened.rssBytes) / objects,
    };
    context.say(
      `memory: empty ${mib(empty)}, after writing ${objects} objects ${mib(written)} (${memory.writtenBytesPerObject.toFixed(0)} bytes each), ` +
        `opened anew ${mib(reopened)} against ${mib(emptyReopened)} (${memory.reopenedBytesPerObject.toFixed(0)} bytes each)`,
    );
    return { objects, rows, memory, restarts };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface Own {
  readonly context: Context;
  readonly store: JobProcess;
  readonly watch: IndexWatch;
  readonly objects: number;
}

function lastLoad(objects: number): Load {
  return { bytes: 4 * KiB, inFlight: 64, count: objects, prefix: 'kept' };
}

async function life(own: Own, which: 'first' | 'second'): Promise<AmplificationRow[]> {
  const { context, store, objects } = own;
  const loads: Load[] = [
    { bytes: 4 * KiB, inFlight: 1, count: context.quick ? 5_000 : 20_000, prefix: `${which}1/` },
    { bytes: 4 * MiB, inFlight: 4, count: context.quick ? 64 : 256, prefix: `${which}4m/` },
    // Of the second life, the objects that stay for what follows.
    ...(which === 'first' ? [{ bytes: 4 * KiB, inFlight: 64, count: objects, prefix: 'first64/' }] : []),
  ];
  const rows: AmplificationRow[] = [];
  for (const load of loads) {
    rows.push(await amplification(own, which, load));
    await store.call('remove', { prefix: load.prefix, objects: load.count, step: 1 });
  }
  return rows;
}

async function amplification(own: Own, which: 'first' | 'second', load: Load): Promise<AmplificationRow> {
  const { context, store, watch } = own;
  const before = await store.call('untilStill', context.directory);
  watch.mark();
  const { bytes, inFlight, count, prefix } = load;
  const result = await store.call('put', { bytes, inFlight, countMax: count, ms: 1e9, prefix, objects: count });
  await store.call('checkpoint');
  const after = await store.call('untilStill', context.directory);
  const client = bytes * count;
  const what = `${count} x ${bytes >= MiB ? `${bytes / MiB} MiB` : `${bytes / KiB} KiB`}, x${inFlight}`;
  const row = {
    what,
    life: which,
    load: result,
    amplification: (after.bytes - before.bytes) / client,
    device: (after.deviceBytes - before.deviceBytes) / client,
    index: watch.writtenBytes() / client,
  };
  context.say(
    `${what.padEnd(21)} ${which.padEnd(6)} life: ${row.amplification.toFixed(3)} bytes written a byte, ` +
      `${row.index.toFixed(3)} of them the index's (the whole device: ${row.device.toFixed(2)}); ${loadText(result).trim()}`,
  );
  return row;
}

async function restartsOf(context: Context, directory: string, objects: number) {
  const restarts: Restart[] = [];
  const { prefix, bytes } = lastLoad(objects);
  const restart = async (what: string): Promise<JobProcess> => {
    const store = new JobProcess(context);
    const { ms, replayedBatches } = await store.call('open', { directory, options: { kvCacheBytes } });
    // Serving is more than being open.
    const read = await store.call('read', { prefix, objects, bytes, inFlight: 1, ms: 1, once: true });
    restarts.push({ what, openMs: ms, readMs: read.maxMs, replayedBatches });
    context.say(
      `restart ${what}: open after ${ms.toFixed(0)} ms, first read ${read.maxMs.toFixed(0)} ms later, ` +
        `${replayedBatches} batches replayed`,
    );
    return store;
  };
  const clean = await restart('after a clean close');
  await clean.call('untilStill', directory);
  const memory = await clean.call('memory');
  await clean.end();
  if (dropCaches()) await (await restart('after a clean close, cold')).end();
  const killed = await restart('to be killed');
  restarts.pop();
  // Overwrites; what of them is in no checkpoint is what kill leaves to replay.
  await killed.call('put', { bytes, inFlight: 64, ms: 8_000, countMax: Infinity, prefix, objects });
  await killed.kill();
  await (await restart('after kill -9 under load')).end();
  return { memory, restarts };
}

async function memoryOfEmpty(context: Context, directory: string): Promise<Memory> {
  const make = new JobProcess(context);
  await make.call('open', { directory, makeBytes: 1 * GiB });
  await make.end();
  const store = new JobProcess(context);
  await store.call('open', { directory, options: { kvCacheBytes } });
  // The same steps as with objects.
  await store.call('untilStill', context.directory);
  const memory = await store.call('memory');
  await store.end();
  return memory;
}

function mib({ rssBytes }: Memory): string {
  return `${(rssBytes / MiB).toFixed(0)} MiB`;
}
