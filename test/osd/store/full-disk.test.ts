/** A file system that has less room than the store was promised: somebody else's files are on it, or the promise was wrong. */
import assert from 'node:assert/strict';
import { concatBytes } from '../../../base/bytes.js';
import { isCairnError } from '../../../base/errors.js';
import { poolId } from '../../../cluster/ids.js';
import { mkfs } from '../../../osd/store/mkfs.js';
import { objectId, type ObjectId } from '../../../osd/store/object-id.js';
import { reservedSegments } from '../../../osd/store/space/space.js';
import { fsck } from '../../../osd/store/tools/fsck/fsck.js';
import { openStore } from '../../../osd/store/open-store.js';
import type { Store } from '../../../osd/store/store.js';
import type { StoreOptions } from '../../../osd/store/store-options.js';
import { payloadOf, type Mutation } from '../../../osd/store/transaction.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { World } from '../../../runtime/sim/world.js';

const directory = '/data/osd';
const pool = poolId(1);
const pg = { pool, pg: 0 };
const objectBytes = 40_000;
const promisedBytes = 24 * 2 ** 20;
const segmentBytes = 2 ** 19;
const smallBytes = 12 * 2 ** 20;
const options: StoreOptions = { layerBytesMax: 100_000, layerMsMax: 500, spaceWaitMs: 3_000 };

function numbered(number: number): ObjectId {
  return objectId(pool, { namespace: '', locator: '', name: `n${number}` });
}

async function change(store: Store, mutation: Mutation): Promise<void> {
  await store.apply({ pg, blockShift: 16, mutations: [mutation] });
}

async function put(store: Store, number: number): Promise<void> {
  const data = payloadOf(new Uint8Array(objectBytes).fill(number));
  await change(store, { kind: 'write', object: numbered(number), offset: 0, data });
}

/** Objects 0, 1, 2… until the store refuses; returns how many it took. */
async function fill(store: Store, from = 0): Promise<number> {
  for (let number = from; ; number++) {
    try {
      await put(store, number);
    } catch (error) {
      if (!isCairnError(error, 'NO_SPACE')) throw error;
      return number;
    }
  }
}

async function removeAll(store: Store, count: number): Promise<void> {
  for (let number = 0; number < count; number++) await change(store, { kind: 'remove', object: numbered(number) });
}

async function assertAll(store: Store, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    const bytes = concatBytes(await store.objects.read(numbered(number), 0, objectBytes));
    assert.ok(bytes.byteLength === objectBytes && bytes.every((byte) => byte === (number & 0xff)), `object ${number}`);
  }
}

async function hasBallast({ disk }: Runtime): Promise<boolean> {
  return (await disk.list(directory)).includes('ballast');
}

async function onMachine(body: (machine: Machine) => Promise<void>): Promise<void> {
  const world = new World({ seed: 3 });
  await world.main(() => body(world.machine('a')));
}

async function make(runtime: Runtime): Promise<Store> {
  await mkfs(runtime, directory, { osd: 0, capacityBytes: promisedBytes, segmentBytes });
  return await openStore(runtime, directory, options);
}

describe('osd/store: a full file system', function () {
  this.timeout(180_000);

  it('is refused, takes deletes, and is filled again to the same height, over and over', async () => {
    await onMachine(async (machine) => {
      machine.disk().faults.setCapacity(smallBytes);
      const process = machine.start('osd', async (runtime) => {
        const store = await make(runtime);
        const heights: number[] = [];
        for (let round = 0; round < 3; round++) {
          const count = await fill(store);
          heights.push(count);
          await assertAll(store, count);
          await removeAll(store, count);
          // A checkpoint or two later there is room again.
          await runtime.clock.sleep(3_000);
        }
        const [first = 0] = heights;
        assert.ok(first * objectBytes > smallBytes / 2, `only ${first} objects fit`);
        // At first it learns of the end too late to keep all of its reserve; from then on it does.
        const reserve = (reservedSegments(1) * segmentBytes) / objectBytes;
        assert.ok(
          heights.every((height) => Math.abs(height - first) <= reserve),
          heights.join(', '),
        );
        await store.close();
      });
      await process.finished;
    });
  });

  it('gives up its ballast when the room runs out, and makes it again once there is some, also when it is idle', async () => {
    await onMachine(async (machine) => {
      const { faults } = machine.disk();
      const process = machine.start('osd', async (runtime) => {
        const store = await make(runtime);
        for (let number = 0; number < 50; number++) await put(store, number);
        assert.equal(await hasBallast(runtime), true);
        // Somebody else's files.
        faults.setCapacity(machine.disk().usedBytes + 100_000);
        const count = await fill(store, 50);
        assert.ok(count < 200, `${count} objects fit into no room`);
        faults.setCapacity(machine.disk().usedBytes + 100_000);
        await change(store, { kind: 'remove', object: numbered(count) });
        await store.checkpoint();
        assert.equal(await hasBallast(runtime), false);
        assert.equal(store.space().level, 'full');
        await assert.rejects(
          put(store, count),
          /file system of the OSD's disk has less room.*remove what else is on it/s,
        );
        faults.setCapacity(2 ** 40);
        await runtime.clock.sleep(3_000);
        assert.equal(await hasBallast(runtime), true);
        assert.equal(store.space().level, 'ok');
        await put(store, count);
        await assertAll(store, count + 1);
        await store.close();
      });
      await process.finished;
    });
  });

  it('loses nothing when it is killed while full, and takes deletes then', async () => {
    await onMachine(async (machine) => {
      machine.disk().faults.setCapacity(smallBytes);
      let count = 0;
      const first = machine.start('osd', async (runtime) => {
        count = await fill(await make(runtime));
      });
      await first.finished;
      first.kill();
      for (let round = 0; round < 3; round++) {
        const next = machine.start('osd', async (runtime) => {
          const store = await openStore(runtime, directory, options);
          count = await fill(store, count);
          await assertAll(store, count);
        });
        await next.finished;
        next.kill();
      }
      const last = machine.start('osd', async (runtime) => {
        const store = await openStore(runtime, directory, options);
        await removeAll(store, count);
        await runtime.clock.sleep(3_000);
        await put(store, 1);
        await store.close();
      });
      await last.finished;
    });
  });

  it('gets free segment files back, as many as the ballast needs, and takes writes again', async () => {
    await onMachine(async (machine) => {
      const { faults } = machine.disk();
      const process = machine.start('osd', async (runtime) => {
        const store = await make(runtime);
        await fillAndFree(store);
        const before = await segmentFiles(runtime);
        const { freeSegments } = store.space();
        faults.setCapacity(machine.disk().usedBytes + 100_000);
        await loseBallast(runtime, store);
        await runtime.clock.sleep(5_000);
        assert.equal(await hasBallast(runtime), true);
        assert.equal(store.space().level, 'ok');
        const given = before - (await segmentFiles(runtime));
        assert.ok(given > 0 && given < freeSegments / 2, `${given} of ${freeSegments} free ones`);
        await put(store, 7);
        await assertAll(store, 8);
        // Its own, not those of a neighbour who goes on.
        faults.setCapacity(2 ** 40);
        await runtime.clock.sleep(5_000);
        const count = await fill(store, 8);
        await assertAll(store, count);
        assert.ok((await segmentFiles(runtime)) > before, 'all that it was promised can be had again');
        await store.close();
        assert.deepEqual((await fsck(runtime, directory, { deep: true })).findings, []);
      });
      await process.finished;
    });
  });

  it('never lacks a file that its table has, wherever the power fails while files are given back', async () => {
    for (let boundary = 1; boundary < 40; boundary += 2) {
      await onMachine(async (machine) => {
        const { faults } = machine.disk();
        let onCrash = (): void => undefined;
        const crashed = new Promise<void>((resolve) => (onCrash = resolve));
        const first = machine.start('osd', async (runtime) => {
          const store = await make(runtime);
          await fillAndFree(store);
          faults.setCapacity(machine.disk().usedBytes + 100_000);
          await loseBallast(runtime, store);
          void machine.crashAtIoBoundary(boundary).then(onCrash);
          await runtime.clock.sleep(5_000);
        });
        await Promise.race([first.finished, crashed]);
        if (!machine.isUp) machine.restart();
        else first.kill();
        const second = machine.start('osd', async (runtime) => {
          assert.deepEqual((await fsck(runtime, directory, { deep: true })).findings, []);
          const store = await openStore(runtime, directory, options);
          await assertAll(store, 8);
          await runtime.clock.sleep(5_000);
          await put(store, 7);
          await store.close();
          assert.deepEqual((await fsck(runtime, directory, { deep: true })).findings, []);
        });
        await second.finished;
      });
    }
  });
});

/** Eight objects are left of many. */
async function fillAndFree(store: Store): Promise<void> {
  for (let number = 0; number < 300; number++) await put(store, number);
  // So that there are handles of all files.
  await assertAll(store, 300);
  for (let number = 8; number < 300; number++) await change(store, { kind: 'remove', object: numbered(number) });
  await store.checkpoint();
  await store.checkpoint();
}

async function loseBallast(runtime: Runtime, store: Store): Promise<void> {
  while (await hasBallast(runtime)) {
    await change(store, { kind: 'create', object: numbered(0) });
    await store.checkpoint();
  }
}

async function segmentFiles({ disk }: Runtime): Promise<number> {
  return (await disk.list(`${directory}/segments`)).length;
}
