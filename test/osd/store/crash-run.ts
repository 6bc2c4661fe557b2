/** One seed of the crash test: a store that is crashed several times in its life. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { latin1Bytes, latin1Text } from '../../../base/bytes.js';
import { printPgId } from '../../../cluster/ids.js';
import { mkfs } from '../../../osd/store/mkfs.js';
import { openStore } from '../../../osd/store/open-store.js';
import type { Store } from '../../../osd/store/store.js';
import type { StoreOptions } from '../../../osd/store/store-options.js';
import type { Transaction } from '../../../osd/store/transaction.js';
import { Prng } from '../../../runtime/sim/prng.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import { World } from '../../../runtime/sim/world.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { compareAll } from './compare.js';
import { Reference } from './reference.js';
import { Workload } from './workload.js';

const directory = '/data/osd';
/** A PG value that says how many transactions came before, over all PGs. */
const counterKey = '#';

export interface CrashResult {
  crashes: number;
  acknowledged: number;
  applied: number;
  /** Segments, and the bytes that were moved out of them. */
  cleaned: number;
  moved: number;
  checkpoints: number;
  /** Batches, when the store was opened. */
  replayed: number;
}

interface History {
  /** The state that the store was found in. */
  base: Reference;
  baseCount: number;
  /** Applied since, in order; the first `acknowledged` of them are durable for certain. */
  transactions: Transaction[];
  acknowledged: number;
}

export async function runCrashes(seed: number): Promise<CrashResult> {
  const world = new World({ seed });
  const machine = world.machine('a');
  const prng = new Prng(`${seed}/crash`);
  const segmentBytes = prng.pick([2 ** 18, 2 ** 18, 2 ** 19]);
  const workload = new Workload(prng, {
    objects: 8,
    writeBytesMax: prng.pick([2_000, 12_000, segmentBytes / 16]),
    objectBytesMax: prng.pick([30_000, 400_000]),
  });
  const options: StoreOptions = {
    layerBytesMax: prng.pick([3_000, 30_000, 1_000_000]),
    layerMsMax: prng.pick([2, 20, 500]),
    readCacheBytes: prng.pick([0, 100_000]),
    prewrite: prng.chance(0.3),
    pendingBytesMax: prng.pick([100_000, 10_000_000]),
  };
  const history: History = { base: new Reference(), baseCount: 0, transactions: [], acknowledged: 0 };
  const result: CrashResult = {
    crashes: 0,
    acknowledged: 0,
    applied: 0,
    cleaned: 0,
    moved: 0,
    checkpoints: 0,
    replayed: 0,
  };
  await world.main(async () => {
    const maker = machine.start('mkfs', async (runtime) => {
      const capacityBytes = Math.ceil((prng.pick([16, 24]) * segmentBytes) / 0.9);
      await mkfs(runtime, directory, { osd: 1, capacityBytes, segmentBytes });
    });
    await maker.finished;
    const cycles = 2 + prng.below(4);
    for (let cycle = 0; cycle < cycles; cycle++) {
      const isPowerLoss = prng.chance(0.7);
      const process = machine.start('osd', (runtime) => live(runtime, prng, workload, options, history, result));
      if (isPowerLoss) {
        const crashed = machine.crashAtIoBoundary(1 + prng.below(prng.pick([20, 100, 600, 3_000])));
        await Promise.race([crashed, process.finished]);
        machine.crash();
        machine.restart();
      } else {
        await Promise.race([world.sleep(prng.float() * prng.pick([5, 50, 200])), process.finished]);
        process.kill();
      }
      result.crashes += 1;
      assert.equal(process.failure, undefined);
    }
    const last = machine.start('osd', async (runtime) => {
      const store = await openStore(runtime, directory, options);
      await adopt(store, workload, history);
      await store.close();
      const again = await openStore(runtime, directory, options);
      await compareAll(again, history.base, workload.objects, (object) => workload.pgOf(object));
      await again.close();
    });
    await last.finished;
    if (prng.chance(0.5)) await rotTail(machine, prng, workload, options, history);
  });
  return result;
}

/**
 * Flips a bit in the log of a killed store, in a batch that is not the last. Whatever the store does then, it does not open
 * as if what was acknowledged had never been.
 */
async function rotTail(
  machine: Machine,
  prng: Prng,
  workload: Workload,
  options: StoreOptions,
  history: History,
): Promise<void> {
  const places: { readonly segment: number; readonly offset: number }[] = [];
  const reference = history.base.clone();
  const victim = machine.start('osd', async (runtime) => {
    // No checkpoint: all of it has to be replayed.
    const store = await openStore(runtime, directory, { ...options, layerBytesMax: 1e9, layerMsMax: 1e9 });
    for (let i = 0; i < 12; i++) {
      const plain = workload.next(reference);
      const count = history.baseCount + history.transactions.length + 1;
      const transaction: Transaction = {
        ...plain,
        mutations: [...plain.mutations, { kind: 'pg-set', key: counterKey, value: latin1Bytes(String(count)) }],
      };
      places.push(store.logEnd());
      try {
        await store.apply(transaction);
      } catch (error) {
        if (isCairnError(error, 'NO_SPACE')) break;
        throw error;
      }
      reference.apply(transaction);
      history.transactions.push(transaction);
      history.acknowledged += 1;
    }
  });
  await victim.finished;
  victim.kill();
  machine.crash();
  machine.restart();
  // The last batch is left alone: rot there looks like a torn end.
  const at = prng.below(Math.max(1, places.length - 2));
  const [place, next] = [places[at], places[at + 1]];
  if (place === undefined || next === undefined || place.segment !== next.segment) return;
  const bytes = prng.chance(0.5) ? 160 : next.offset - place.offset;
  const path = `${directory}/segments/${place.segment.toString(16).padStart(8, '0')}.seg`;
  machine.disk().faults.flipBit(path, place.offset + prng.below(Math.max(1, bytes)), prng.below(8));
  const reader = machine.start('osd', async (runtime) => {
    try {
      const store = await openStore(runtime, directory, options);
      // It was in what nobody needs: padding. Then nothing may be missing.
      await adopt(store, workload, history);
      await store.close();
    } catch (error) {
      if (!isCairnError(error, 'LOG_CORRUPT')) throw error;
    }
  });
  await reader.finished;
}

async function live(
  runtime: Runtime,
  prng: Prng,
  workload: Workload,
  options: StoreOptions,
  history: History,
  result: CrashResult,
): Promise<void> {
  const store = await openStore(runtime, directory, options);
  await adopt(store, workload, history);
  result.replayed += store.replayedBatches;
  const reference = history.base.clone();
  let inFlight = 0;
  for (let i = 0; i < 400; i++) {
    const plain = workload.next(reference);
    const count = history.baseCount + history.transactions.length + 1;
    const transaction: Transaction = {
      ...plain,
      mutations: [...plain.mutations, { kind: 'pg-set', key: counterKey, value: latin1Bytes(String(count)) }],
    };
    const { applied, durable } = store.submit(transaction);
    try {
      // Known to be under way before anything of it can be found after a crash.
      history.transactions.push(transaction);
      await applied;
    } catch (error) {
      if (!isCairnError(error, 'NO_SPACE')) throw error;
      history.transactions.pop();
      workload.resume(reference);
      continue;
    }
    reference.apply(transaction);
    result.applied += 1;
    inFlight += 1;
    const index = history.transactions.length;
    void durable.then(
      () => {
        inFlight -= 1;
        history.acknowledged = Math.max(history.acknowledged, index);
        result.acknowledged += 1;
      },
      () => undefined,
    );
    if (prng.chance(0.2) || inFlight > 20) await durable;
    if (prng.chance(0.03)) {
      await store.checkpoint();
      result.checkpoints += 1;
    }
    if (prng.chance(0.1)) {
      const [segment] = store.cleanable();
      if (segment !== undefined) {
        const before = store.cleaned().movedBytes;
        await store.clean(segment);
        result.cleaned += 1;
        result.moved += store.cleaned().movedBytes - before;
      }
    }
    if (prng.chance(0.05)) await runtime.clock.sleep(prng.float() * 10);
  }
  if (prng.chance(0.5)) await store.close();
}

/** Finds out which prefix of the history the store holds, checks that it is one, and makes it the new beginning. */
async function adopt(store: Store, workload: Workload, history: History): Promise<void> {
  const found = await countIn(store, workload);
  const kept = Math.max(0, found - history.baseCount);
  assert.ok(found >= history.baseCount + history.acknowledged, lostMessage(found, history));
  assert.ok(kept <= history.transactions.length, `the store holds ${kept} transactions that nobody submitted`);
  for (const transaction of history.transactions.slice(0, kept)) history.base.apply(transaction);
  history.baseCount += kept;
  history.transactions = [];
  history.acknowledged = 0;
  await compareAll(store, history.base, workload.objects, (object) => workload.pgOf(object));
  workload.resume(history.base);
}

function lostMessage(found: number, { baseCount, acknowledged }: History): string {
  return `${baseCount + acknowledged} transactions were acknowledged, the store holds ${found}`;
}

async function countIn(store: Store, workload: Workload): Promise<number> {
  const pgs = new Map(workload.objects.map((object) => [printPgId(workload.pgOf(object)), workload.pgOf(object)]));
  let most = 0;
  for (const pg of pgs.values()) {
    const value = await store.objects.pgGet(pg, counterKey);
    if (value !== undefined) most = Math.max(most, Number(latin1Text(value)));
  }
  return most;
}
