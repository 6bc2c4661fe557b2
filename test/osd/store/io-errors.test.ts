/** A disk that fails: what it cannot read is named and harms nothing else; after a failed write nothing is acknowledged. */
import assert from 'node:assert/strict';
import { concatBytes } from '../../../base/bytes.js';
import { isCairnError, type CairnError } from '../../../base/errors.js';
import { poolId } from '../../../cluster/ids.js';
import { mkfs } from '../../../osd/store/mkfs.js';
import { objectId, type ObjectId } from '../../../osd/store/object-id.js';
import { openStore } from '../../../osd/store/open-store.js';
import type { Store } from '../../../osd/store/store.js';
import { payloadOf, type Transaction } from '../../../osd/store/transaction.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { World } from '../../../runtime/sim/world.js';

const directory = '/data/osd';
const pool = poolId(1);
const objectBytes = 10_000;

function numbered(number: number): ObjectId {
  return objectId(pool, { namespace: '', locator: '', name: `n${number}` });
}

function put(number: number): Transaction {
  const data = payloadOf(new Uint8Array(objectBytes).fill(number));
  const mutations = [{ kind: 'write', object: numbered(number), offset: 0, data } as const];
  return { pg: { pool, pg: number % 3 }, blockShift: 12, mutations };
}

async function assertWhole(store: Store, number: number): Promise<void> {
  const bytes = concatBytes(await store.objects.read(numbered(number), 0, objectBytes));
  assert.ok(bytes.byteLength === objectBytes && bytes.every((byte) => byte === number), `object ${number}`);
}

async function make(runtime: Runtime): Promise<Store> {
  await mkfs(runtime, directory, { osd: 0, capacityBytes: 16 * 2 ** 20, segmentBytes: 2 ** 18 });
  return await openStore(runtime, directory);
}

async function onMachine(body: (machine: Machine, runtime: Runtime) => Promise<void>): Promise<void> {
  const world = new World({ seed: 5 });
  const machine = world.machine('a');
  await world.main(async () => {
    await machine.start('osd', (runtime) => body(machine, runtime)).finished;
  });
}

describe('osd/store: a disk that cannot read', () => {
  it('does not harm clients who read what was read and verified before, and is found by whoever looks for rot', async () => {
    await onMachine(async (machine, runtime) => {
      const store = await make(runtime);
      for (let number = 0; number < 60; number++) await store.apply(put(number));
      const [segment] = store.cleanable();
      assert.ok(segment !== undefined);
      const readCached = async (number: number): Promise<void> => {
        const pieces = await store.objects.read(numbered(number), 0, objectBytes, { mayBeCached: true });
        assert.ok(
          concatBytes(pieces).every((byte) => byte === number),
          `object ${number}`,
        );
      };
      for (let number = 0; number < 60; number += 2) await readCached(number);
      const path = `${directory}/segments/${segment.toString(16).padStart(8, '0')}.seg`;
      machine.disk().faults.failReads(path, 0, 2 ** 18);
      const failed = { uncached: 0, unread: 0 };
      for (let number = 0; number < 60; number += 1) {
        if (number % 2 === 0) await readCached(number);
        else await readCached(number).catch(() => (failed.unread += 1));
        await assertWhole(store, number).catch(() => (failed.uncached += 1));
      }
      assert.ok(failed.uncached > 10 && failed.unread > 5, JSON.stringify(failed));
      // Other bytes under the same name are other bytes.
      await store.apply({
        ...put(2),
        mutations: [
          { kind: 'write', object: numbered(2), offset: 0, data: payloadOf(new Uint8Array(objectBytes).fill(9)) },
        ],
      });
      const pieces = await store.objects.read(numbered(2), 0, objectBytes, { mayBeCached: true });
      assert.ok(concatBytes(pieces).every((byte) => byte === 9));
      await store.close();
    });
  });

  it('fails just the reads of what is there, and names object, offset and segment', async () => {
    await onMachine(async (machine, runtime) => {
      const store = await make(runtime);
      for (let number = 0; number < 60; number++) await store.apply(put(number));
      const [segment] = store.cleanable();
      assert.ok(segment !== undefined);
      const { faults } = machine.disk();
      const path = `${directory}/segments/${segment.toString(16).padStart(8, '0')}.seg`;
      faults.failReads(path, 40_000, 40_512);
      const failed: number[] = [];
      for (let number = 0; number < 60; number++) {
        try {
          await assertWhole(store, number);
        } catch (error) {
          if (!isCairnError(error, 'IO_ERROR')) throw error;
          failed.push(number);
          const where = `object "n${number}" at 0: what is stored in segment ${segment} at \\d+ cannot be read`;
          assert.match(error.message, new RegExp(`${where} from the disk; another replica has to repair it`));
          assert.equal(error.details['segment'], segment);
        }
      }
      assert.equal(failed.length, 1, 'one object has bytes there');
      // Nothing else is harmed: writes go on, also of that object; the cleaner leaves what it cannot read.
      await store.clean(segment);
      assert.ok(store.cleaned().unreadable > 0);
      for (const number of failed) await assert.rejects(assertWhole(store, number), { code: 'IO_ERROR' });
      for (const number of failed) await store.apply(put(number));
      for (let number = 0; number < 60; number++) await assertWhole(store, number);
      await store.close();
      faults.healReads();
    });
  });

  it('does not open the store while the log cannot be read, and loses nothing by that', async () => {
    await onMachine(async (machine, runtime) => {
      const store = await make(runtime);
      for (let number = 0; number < 5; number++) await store.apply(put(number));
      const { segment } = store.logEnd();
      await store.abandon();
      const path = `${directory}/segments/${segment.toString(16).padStart(8, '0')}.seg`;
      machine.disk().faults.failReads(path);
      for (let attempt = 0; attempt < 3; attempt++) {
        await assert.rejects(openStore(runtime, directory), { code: 'IO_ERROR' });
      }
      machine.disk().faults.healReads();
      const again = await openStore(runtime, directory);
      for (let number = 0; number < 5; number++) await assertWhole(again, number);
      await again.close();
    });
  });
});

describe('osd/store: a disk that cannot write', () => {
  const faultsOf = [
    { name: 'write', fail: (machine: Machine) => (machine.disk().faults.failNextWrites = 1) },
    { name: 'sync', fail: (machine: Machine) => (machine.disk().faults.failNextSyncs = 1) },
  ];
  for (const { name, fail } of faultsOf) {
    it(`acknowledges nothing after a failed ${name}, tells everybody, and is fatal once`, async () => {
      const fatal: CairnError[] = [];
      let acknowledged = 0;
      await onMachine(async (machine, runtime) => {
        await make(runtime).then((store) => store.close());
        const store = await openStore(runtime, directory, { onFailed: (error) => fatal.push(error), layerMsMax: 1e9 });
        for (let number = 0; number < 10; number++) await store.apply(put(number));
        // Until the store's own preparations are done.
        await runtime.clock.sleep(1_000);
        const early = [10, 11, 12].map((number) => store.submit(put(number)));
        fail(machine);
        const outcomes = await Promise.allSettled(early.map(({ durable }) => durable));
        const later = [13, 14].map(() => () => store.submit(put(13)));
        for (const outcome of outcomes) {
          assert.ok(outcome.status === 'rejected');
          const { code, applied } = outcome.reason as CairnError;
          assert.deepEqual([code, applied], ['IO_ERROR', 'maybe']);
        }
        for (const submit of later) assert.throws(submit, { code: 'IO_ERROR' });
        await assert.rejects(store.checkpoint(), { code: 'IO_ERROR' });
        await runtime.clock.sleep(10_000);
        assert.equal(fatal.length, 1);
        assert.match(fatal[0]?.message ?? '', /the log could not be written .*takes no more changes/);
        await store.close().catch(() => undefined);
        assert.equal(fatal.length, 1);
        // What was acknowledged is there; what was not may be.
        const again = await openStore(runtime, directory);
        for (let number = 0; number < 10; number++) await assertWhole(again, number);
        acknowledged = 10;
        await again.close();
      });
      assert.equal(acknowledged, 10);
    });
  }

  it('calls the daemon that has the store by default', async () => {
    const world = new World({ seed: 6 });
    const machine = world.machine('a');
    await world.main(async () => {
      const osd = machine.start(
        'osd',
        async (runtime) => {
          const store = await make(runtime);
          await store.apply(put(1));
          // Until the segments that come next are ready: what fails then is the log.
          await runtime.clock.sleep(1_000);
          machine.disk().faults.failNextWrites = 1_000;
          await store.apply(put(2));
        },
        { mayFail: true },
      );
      await world.sleep(5_000);
      assert.match(String(osd.failure), /the log could not be written/);
    });
  });
});
