/** One seed of the crash test: a store that is crashed several times in its life. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { latin1Bytes, latin1Text } from '../../../base/bytes.js';
import { printPgId, type PgId } from '../../../cluster/ids.js';
import { mkfs } from '../../../osd/store/mkfs.js';
import { openStore } from '../../../osd/store/open-store.js';
import type { Store } from '../../../osd/store/store.js';
import type { StoreOptions } from '../../../osd/store/store-options.js';
import { fsck } from '../../../osd/store/tools/fsck/fsck.js';
import type { Mutation, Transaction } from '../../../osd/store/transaction.js';
import { Prng } from '../../../runtime/sim/prng.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import { World } from '../../../runtime/sim/world.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { compareAll } from './compare.js';
import { Reference } from './reference.js';
import { WalkWatch } from './walk-watch.js';
import { Workload } from './workload.js';

const directory = '/data/osd';
/** A PG value that says which transaction was the PG's last. */
const lastKey = '#';

export interface CrashResult {
  crashes: number;
  /** Syncs that failed: the process ends, and the page cache shows what the disk may not have. */
  failedSyncs: number;
  acknowledged: number;
  applied: number;
  /** Segments, and the bytes that were moved out of them. */
  cleaned: number;
  moved: number;
  /** Merges of extents. */
  merges: number;
  /** Of what has very many extents. */
  slices: number;
  /** Of PGs. */
  splits: number;
  checkpoints: number;
  /** Batches, when the store was opened. */
  replayed: number;
}

interface Step {
  readonly id: number;
  readonly transaction: Transaction;
  /** Its place in the order of application, once that is known. */
  appliedAs: number | undefined;
  isAcknowledged: boolean;
}

interface History {
  /** The state that the store was found in. */
  base: Reference;
  nextId: number;
  nextApplied: number;
  /** Submitted since and not refused, in the order of the calls: of each PG, the store holds a beginning of them. */
  steps: Step[];
}

export async function runCrashes(seed: number): Promise<CrashResult> {
  const world = new World({ seed });
  const machine = world.machine('a');
  const prng = new Prng(`${seed}/crash`);
  // Drawn from nothing, so that all other seeds draw what they drew before there were such.
  const isTiny = [4, 8, 9].includes(seed % 10);
  const syncs = [3, 7].includes(seed % 10) ? new Prng(`${seed}/syncs`) : undefined;
  const splits = seed % 3 === 0 ? new Prng(`${seed}/splits`) : undefined;
  const segmentBytes = prng.pick([2 ** 18, 2 ** 18, 2 ** 19]);
  // Less room than the store was promised, and soon used up. Layers are small: large ones do not fit the ballast of so small a store.
  const cramped = seed % 10 === 6 ? new Prng(`${seed}/room`) : undefined;
  const workload = new Workload(prng, {
    objects: 8,
    writeBytesMax: cramped === undefined ? prng.pick([2_000, 12_000, segmentBytes / 16]) : segmentBytes / 8,
    transactionBytesMax: segmentBytes / 4 - 1_000,
    objectBytesMax: prng.pick([30_000, 400_000, 1_000_000]),
    mutationsMax: prng.pick([3, 3, 20]),
    isSharing: prng.chance(0.3),
    tiny: isTiny ? new Prng(`${seed}/tiny`) : undefined,
  });
  const bulk = new Prng(`${seed}/bulk`);
  const hurried = seed % 4 === 1 ? new Prng(`${seed}/hurried`) : undefined;
  const walks = seed % 4 === 2 ? new Prng(`${seed}/walks`) : undefined;
  const layerBytesMax = prng.pick([3_000, 30_000, 1_000_000]);
  const options: StoreOptions = {
    layerBytesMax: cramped === undefined ? layerBytesMax : cramped.pick([3_000, 20_000]),
    layerMsMax: prng.pick([2, 20, 500]),
    readCacheBytes: prng.pick([0, 100_000]),
    prewrite: cramped === undefined ? prng.chance(0.3) : true,
    pendingBytesMax: prng.pick([100_000, 10_000_000]),
    ...(bulk.chance(0.5) ? { bulkBytesMin: bulk.pick([0, 30, 200]) } : {}),
    ...(cramped === undefined ? {} : { spaceWaitMs: 200 }),
    ...(isTiny ? { chunkExtentsMax: new Prng(`${seed}/extents`).pick([4, 12, 40]) } : {}),
  };
  const history: History = { base: new Reference(), nextId: 1, nextApplied: 0, steps: [] };
  const result: CrashResult = {
    crashes: 0,
    failedSyncs: 0,
    acknowledged: 0,
    applied: 0,
    cleaned: 0,
    moved: 0,
    merges: 0,
    slices: 0,
    splits: 0,
    checkpoints: 0,
    replayed: 0,
  };
  await world.main(async () => {
    const maker = machine.start('mkfs', async (runtime) => {
      const capacityBytes = Math.ceil((prng.pick([16, 24]) * segmentBytes) / 0.9);
      await mkfs(runtime, directory, { osd: 1, capacityBytes, segmentBytes });
    });
    await maker.finished;
    if (cramped !== undefined) {
      machine.disk().faults.setCapacity(machine.disk().usedBytes + (3 + cramped.below(3)) * segmentBytes);
    }
    const cycles = 2 + prng.below(4);
    for (let cycle = 0; cycle < cycles; cycle++) {
      const isPowerLoss = prng.chance(0.7);
      const failure = new SyncFailure(machine);
      const process = machine.start('osd', (runtime) => {
        const failing = syncs === undefined ? options : { ...options, onFailed: () => failure.happened() };
        return failure.fence(live(runtime, { prng, splits, hurried, walks }, workload, failing, history, result));
      });
      if (syncs?.chance(0.6) === true) failure.comeAfter(world.sleep(syncs.float() * syncs.pick([2, 10, 50])));
      if (isPowerLoss) {
        const crashed = machine.crashAtIoBoundary(1 + prng.below(prng.pick([8, 20, 100, 600, 3_000])));
        await Promise.race([crashed, process.finished, failure.promise]);
      } else {
        await Promise.race([world.sleep(prng.float() * prng.pick([5, 50, 200])), process.finished, failure.promise]);
      }
      failure.end();
      if (isPowerLoss && !failure.hasHappened) {
        machine.crash();
        machine.restart();
      } else {
        // What a failed sync left in the page cache is to be seen by the next process: the power stays on.
        if (isPowerLoss) void machine.crashAtIoBoundary(2 ** 40);
        process.kill();
      }
      result.failedSyncs += Number(failure.hasHappened);
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
      const { findings } = await fsck(runtime, directory);
      assert.deepEqual(findings, [], 'what fsck finds');
    });
    await last.finished;
    // Where room is short, a checkpoint covers what is to be replayed there: rot in it is found when it is read.
    if (prng.chance(0.5) && cramped === undefined) await rotTail(machine, prng, workload, options, history);
  });
  return result;
}

/** A sync that fails at some time, after which the process is to end at once. */
class SyncFailure {
  readonly promise: Promise<void>;
  readonly #machine: Machine;
  #resolve: () => void = () => undefined;
  #hasHappened = false;
  #hasEnded = false;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get hasHappened(): boolean {
    return this.#hasHappened;
  }

  /** The next sync after `when` fails. */
  comeAfter(when: Promise<void>): void {
    void when.then(() => {
      if (!this.#hasEnded) this.#machine.disk().faults.failNextSyncs = 1;
    });
  }

  happened(): void {
    this.#hasHappened = true;
    this.#resolve();
  }

  /** A store that finds its disk failing as it is opened is not open. */
  async fence(living: Promise<void>): Promise<void> {
    try {
      await living;
    } catch (error) {
      if (!isCairnError(error, 'IO_ERROR')) throw error;
      this.happened();
    }
  }

  end(): void {
    this.#hasEnded = true;
    this.#machine.disk().faults.failNextSyncs = 0;
  }
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
      // What is not in the log of its PG leaves no trace there when it is lost: PGs rest on entries alone (`past-rot.ts`).
      let step = nextStep(workload.next(reference), history);
      while (step.transaction.entry === undefined) {
        // It may have been to cut the log.
        workload.resume(reference);
        step = nextStep(workload.next(reference), history);
      }
      places.push(store.logEnd());
      try {
        await store.apply(step.transaction);
      } catch (error) {
        if (isCairnError(error, 'NO_SPACE')) break;
        throw error;
      }
      reference.apply(step.transaction);
      history.steps.push(step);
      step.isAcknowledged = true;
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
      // Past the rot, each PG is as it was at some time, and the store is one to work with.
      const store = await openStore(runtime, directory, { ...options, pastRot: { unfinishedKeys: [] } });
      await adopt(store, workload, history, { isWhole: false });
      const after = history.base.clone();
      for (let i = 0; i < 12; i++) {
        const step = nextStep(workload.next(after), history);
        try {
          await store.apply(step.transaction);
        } catch (refusal) {
          if (isCairnError(refusal, 'NO_SPACE')) break;
          throw refusal;
        }
        after.apply(step.transaction);
        history.steps.push(step);
        step.isAcknowledged = true;
      }
      await store.close();
      const again = await openStore(runtime, directory, options);
      await adopt(again, workload, history);
      await again.close();
    }
  });
  await reader.finished;
  assert.equal(reader.failure, undefined);
}

interface Chances {
  readonly prng: Prng;
  readonly splits: Prng | undefined;
  /** Checkpoints that nobody waits for, while the log has several batches to write before. */
  readonly hurried: Prng | undefined;
  /** Walks beside all that. */
  readonly walks: Prng | undefined;
}

async function live(
  runtime: Runtime,
  { prng, splits, hurried, walks }: Chances,
  workload: Workload,
  options: StoreOptions,
  history: History,
  result: CrashResult,
): Promise<void> {
  const store = await openStore(runtime, directory, options);
  await adopt(store, workload, history);
  result.replayed += store.replayedBatches;
  const reference = history.base.clone();
  // Transactions that wait for LevelDB, of several PGs at once, or one after the other.
  const isParallel = prng.chance(0.5);
  const cleaning = new Set<Promise<void>>();
  const watch = walks === undefined ? undefined : new WalkWatch(walks);
  let inFlight = 0;
  let merges = 0;
  let slices = 0;
  let lastKnown: Promise<unknown> = Promise.resolve();
  for (let i = 0; i < 400; i++) {
    let split: Transaction | undefined;
    if (splits?.chance(0.03) === true) {
      await lastKnown;
      split = workload.split(splits, reference);
    }
    const step = nextStep(split ?? workload.next(reference), history);
    const { applied, durable } = store.submit(step.transaction);
    // Known to be under way before anything of it can be found after a crash.
    history.steps.push(step);
    inFlight += 1;
    const known = applied.then(
      () => {
        reference.apply(step.transaction);
        watch?.onApplied(reference);
        step.appliedAs = history.nextApplied++;
        result.applied += 1;
      },
      (error: unknown) => {
        // Behind one that was refused, entries may come too late.
        if (!isCairnError(error, 'NO_SPACE') && !isCairnError(error, 'CONFLICT')) throw error;
        history.steps.splice(history.steps.indexOf(step), 1);
        workload.resume(reference);
      },
    );
    const settled = durable.then(
      () => {
        step.isAcknowledged = true;
        result.acknowledged += 1;
        inFlight -= 1;
      },
      () => {
        inFlight -= 1;
      },
    );
    lastKnown = Promise.all([lastKnown, known]);
    if (split !== undefined) {
      await known;
      result.splits += 1;
    }
    if (!isParallel || prng.chance(0.1)) await known;
    result.merges += store.merged().merges - merges;
    ({ merges } = store.merged());
    result.slices += store.bulk().slices - slices;
    ({ slices } = store.bulk());
    if (prng.chance(isParallel ? 0.05 : 0.2) || inFlight > 20) await settled;
    watch?.maybeBegin(runtime, store, reference, workload.objects);
    if (hurried?.chance(0.2) === true) void store.checkpoint().catch(unlessFailed);
    if (prng.chance(0.03)) {
      await store.checkpoint();
      result.checkpoints += 1;
    }
    if (prng.chance(0.1)) {
      const [segment] = store.cleanable();
      if (segment !== undefined && cleaning.size < 2) {
        const before = store.cleaned().movedBytes;
        const cleaned = store.clean(segment).then(() => {
          cleaning.delete(cleaned);
          result.cleaned += 1;
          result.moved += store.cleaned().movedBytes - before;
        });
        cleaning.add(cleaned);
        if (!isParallel) await cleaned;
      }
    }
    if (prng.chance(0.05)) await runtime.clock.sleep(prng.float() * 10);
  }
  await Promise.all(cleaning);
  await watch?.ended();
  if (prng.chance(0.5)) await store.close();
}

function unlessFailed(error: unknown): void {
  if (!isCairnError(error, 'IO_ERROR') && !isCairnError(error, 'CLOSED')) throw error;
}

function nextStep(plain: Transaction, history: History): Step {
  const id = history.nextId++;
  const mark: Mutation = { kind: 'pg-set', key: lastKey, value: latin1Bytes(String(id)) };
  const marked = { ...plain, mutations: [...plain.mutations, mark] };
  const { split } = plain;
  // All PGs that it makes say that it was their last.
  const values = split?.values.filter(({ key }) => key !== lastKey) ?? [];
  return {
    id,
    transaction:
      split === undefined
        ? marked
        : { ...marked, split: { ...split, values: [...values, { key: lastKey, to: undefined }] } },
    appliedAs: undefined,
    isAcknowledged: false,
  };
}

/**
 * Finds out how far into the history of each PG the store is, checks that this is a state that it was in, with everything
 * that was acknowledged (if `isWhole`), and makes it the new beginning.
 */
async function adopt(
  store: Store,
  workload: Workload,
  history: History,
  { isWhole = true }: { readonly isWhole?: boolean } = {},
): Promise<void> {
  const kept = new Set<Step>();
  const names = new Map(Array.from(history.base.pgs, ([name, { id }]) => [name, id]));
  for (const { transaction } of history.steps) for (const pg of pgsOf(transaction)) names.set(printPgId(pg), pg);
  const skippedBy: string[] = [];
  for (const [name, pg] of names) {
    const steps = history.steps.filter(({ transaction }) => pgsOf(transaction).some((one) => printPgId(one) === name));
    const last = await lastIn(store, pg);
    const isBase = last === baseLast(history.base, name);
    const count = steps.findIndex(({ id }) => id === last) + 1;
    assert.ok(isBase || count > 0, `${name} holds transaction ${last}, which nobody submitted to it`);
    for (const step of steps.slice(0, count)) kept.add(step);
    skippedBy.push(...steps.slice(count).map(({ id }) => `${name} lacks ${id}`));
  }
  const halves = Array.from(kept, ({ id }) => skippedBy.filter((text) => text.endsWith(` lacks ${id}`))).flat();
  assert.deepEqual(halves, [], 'transactions that took effect in some of their PGs only');
  const lost = history.steps.filter((step) => !kept.has(step));
  const missing = lost.filter(({ isAcknowledged }) => isAcknowledged).map(({ id }) => id);
  if (isWhole) assert.deepEqual(missing, [], 'transactions that were acknowledged');
  const newest = Math.max(-1, ...Array.from(kept, ({ appliedAs }) => appliedAs ?? -1));
  const skipped = lost.filter(({ appliedAs }) => appliedAs !== undefined && appliedAs < newest).map(({ id }) => id);
  if (isWhole) assert.deepEqual(skipped, [], 'transactions that were applied before others that are there');
  for (const step of kept) history.base.apply(step.transaction);
  history.steps = [];
  workload.resume(history.base);
  await compareAll(store, history.base, workload.objects, (object) => workload.pgOf(object));
}

/** That a transaction changes: one, but for a split. */
function pgsOf({ pg, split }: Transaction): PgId[] {
  return [pg, ...(split?.children ?? []).map((child) => ({ pool: pg.pool, pg: child.pg }))];
}

async function lastIn(store: Store, pg: PgId): Promise<number> {
  const value = await store.objects.pgGet(pg, lastKey);
  return value === undefined ? 0 : Number(latin1Text(value));
}

function baseLast(base: Reference, name: string): number {
  const value = base.pg(name).values.get(lastKey);
  return value === undefined ? 0 : Number(latin1Text(value));
}
