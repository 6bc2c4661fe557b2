/** Stores to check: what a random workload leaves, in the simulator and on the real disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkfs } from '../../../../osd/store/mkfs.js';
import { openStore } from '../../../../osd/store/open-store.js';
import { encodePgNum, pgNumKey } from '../../../../osd/store/pg/pg-num.js';
import type { Store } from '../../../../osd/store/store.js';
import type { StoreOptions } from '../../../../osd/store/store-options.js';
import { createNodeRuntime } from '../../../../runtime/node/runtime.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { Prng } from '../../../../runtime/sim/prng.js';
import type { Machine } from '../../../../runtime/sim/machine.js';
import { World } from '../../../../runtime/sim/world.js';
import { Reference } from '../reference.js';
import { Workload } from '../workload.js';

export const simDirectory = '/data/osd';
export const pgNum = 4;

export interface MadeStore {
  readonly store: Store;
  readonly reference: Reference;
  readonly workload: Workload;
}

export interface MakeOptions {
  readonly seed: number;
  readonly operations?: number;
  /** Between operations, every so many, so that the index has tables and the log is partly covered. */
  readonly checkpointEvery?: number;
  readonly storeOptions?: StoreOptions;
  /** With many tiny writes, of which chunks get more extents than they may have. Default false. */
  readonly isTiny?: boolean;
  /** PGs are split now and then. Default false. */
  readonly splits?: boolean;
}

/** An open store behind a random workload; everything is durable. */
export async function makeStore(runtime: Runtime, directory: string, options: MakeOptions): Promise<MadeStore> {
  const { seed, operations = 300, checkpointEvery = 90, storeOptions = {}, isTiny = false, splits = false } = options;
  await mkfs(runtime, directory, { osd: 3, fsid: 'test', capacityBytes: 64 * 2 ** 20, segmentBytes: 2 ** 20 });
  const prng = new Prng(`${seed}/tools`);
  const reference = new Reference();
  const workload = new Workload(prng, {
    objects: 14,
    writeBytesMax: 60_000,
    objectBytesMax: 700_000,
    tiny: isTiny ? new Prng(`${seed}/tiny`) : undefined,
  });
  const splitting = splits ? new Prng(`${seed}/splits`) : undefined;
  const extents = isTiny ? { chunkExtentsMax: 8 } : {};
  const store = await openStore(runtime, directory, {
    layerMsMax: 60_000,
    prewrite: false,
    ...extents,
    ...storeOptions,
  });
  for (const { pool } of splits ? workload.objects.slice(0, 2) : []) {
    for (let pg = 0; pg < pgNum; pg++) {
      const value = encodePgNum(pgNum);
      await store.apply({ pg: { pool, pg }, blockShift: 12, mutations: [{ kind: 'pg-set', key: pgNumKey, value }] });
    }
  }
  for (let i = 1; i <= operations; i++) {
    const split = splitting?.chance(0.03) === true ? workload.split(splitting, reference) : undefined;
    const transaction = split ?? workload.next(reference);
    const { durable } = store.submit(transaction);
    reference.apply(transaction);
    await durable;
    if (i % checkpointEvery === 0) await store.checkpoint();
  }
  return { store, reference, workload };
}

/** Runs `body` in a process of a simulated machine. */
export async function inWorld(
  seed: number,
  body: (runtime: Runtime, machine: Machine) => Promise<void>,
): Promise<void> {
  const world = new World({ seed });
  const machine = world.machine('a');
  await world.main(async () => {
    const process = machine.start('osd', async (runtime) => await body(runtime, machine));
    await process.finished;
  });
}

/** Runs `body` on the real disk, in a directory of its own. */
export async function onDisk(body: (runtime: Runtime, directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-store-'));
  try {
    await body(createNodeRuntime({ daemon: 'test', logLevel: 'error' }), join(directory, 'osd'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
