/** Values of the index that rotted, in ranges that are removed: nobody misses them, so nothing may stop for them. */
import assert from 'node:assert/strict';
import { forEachBodyOf } from '../../../../osd/store/apply/draft.js';
import { omapKey, prefixRange } from '../../../../osd/store/format/index-key.js';
import { openStore } from '../../../../osd/store/open-store.js';
import type { Store } from '../../../../osd/store/store.js';
import { payloadOf, type Mutation } from '../../../../osd/store/transaction.js';
import { fsck } from '../../../../osd/store/tools/fsck/fsck.js';
import type { Machine } from '../../../../runtime/sim/machine.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { World } from '../../../../runtime/sim/world.js';
import { directory, freshStore, named, transactionOf } from '../one-store.js';

const object = named('index');
const other = named('other');
const bodyBytes = 5_000;

async function onMachine(body: (runtime: Runtime, machine: Machine) => Promise<void>): Promise<void> {
  const world = new World({ seed: 1 });
  await world.main(async () => {
    const machine = world.machine('a');
    const process = machine.start('osd', (runtime) => body(runtime, machine));
    await process.finished;
  });
}

function set(key: string): Mutation {
  const body = payloadOf(new Uint8Array(bodyBytes).fill(7));
  return { kind: 'omap-set', object, key, head: new Uint8Array(10), bodies: [{ slot: 1, body }] };
}

/** Ten keys with bodies in LevelDB, of which one was moved; `key` is the one that will rot. */
async function filled(runtime: Runtime): Promise<Store> {
  const store = await freshStore(runtime, { layerMsMax: 1e9 });
  const keys = Array.from({ length: 10 }, (_, i) => `k${i}`);
  await store.apply(transactionOf(keys.map(set)));
  await store.apply(transactionOf([{ kind: 'omap-move', object, from: 'k4', to: 'k4 moved' }]));
  await store.apply(transactionOf([{ kind: 'write', object: other, offset: 0, data: payloadOf(new Uint8Array(99)) }]));
  await store.checkpoint();
  return store;
}

const damages = [
  {
    name: 'whose checksum fails',
    damage: async (_: Runtime, machine: Machine, key: string): Promise<void> => {
      assert.ok(machine.disk().faults.flipValueBit(`${directory}/index`, omapKey(object, key), 5));
    },
  },
  {
    name: 'that cannot be decoded',
    damage: async (runtime: Runtime, _: Machine, key: string): Promise<void> => {
      const kv = await runtime.kv.open(`${directory}/index`);
      const value = Uint8Array.of(99, 1, 2);
      await kv.batch([{ type: 'put', key: omapKey(object, key), value }], { sync: true });
      await kv.close();
    },
  },
];

const removals: { name: string; mutations: Mutation[] }[] = [
  { name: 'a range of keys', mutations: [{ kind: 'omap-remove-range', object, from: 'k', to: 'l' }] },
  { name: 'their object', mutations: [{ kind: 'remove', object }] },
  { name: 'their object, which is made anew', mutations: [{ kind: 'remove', object }, set('k4 moved')] },
];

describe('osd/store/checkpoint: damaged values in removed ranges', () => {
  for (const { name, damage } of damages) {
    for (const removal of removals) {
      it(`a value ${name} goes with ${removal.name}, and its bytes stay counted`, async () => {
        await onMachine(async (runtime, machine) => {
          await (await filled(runtime)).close();
          await damage(runtime, machine, 'k4 moved');
          let store = await openStore(runtime, directory, { layerMsMax: 1e9 });
          await store.apply(transactionOf(removal.mutations));
          await store.checkpoint();
          assert.equal(store.damagedValues, 1);
          const kept = removal.mutations.length > 1 ? bodyBytes : 0;
          assert.equal(store.space().liveBytes, 99 + bodyBytes + kept);
          // Gone it is: no later checkpoint finds it again.
          await store.apply(transactionOf([{ kind: 'omap-remove-range', object, from: '', to: undefined }]));
          await store.checkpoint();
          assert.equal(store.damagedValues, 1);
          await store.close();
          const found = await fsck(runtime, directory, { deep: true });
          assert.deepEqual(Array.from(found.counts.keys()).sort(), ['live-bytes', 'owner-orphan']);
          const mended = await fsck(runtime, directory, { repair: true });
          assert.equal(mended.repaired, 'done', mended.repairNotes.join());
          assert.deepEqual((await fsck(runtime, directory, { deep: true })).findings, []);
          store = await openStore(runtime, directory);
          assert.equal(store.space().liveBytes, 99);
          await store.close();
        });
      });

      it(`fsck mends a store that stopped between ${removal.name} and the checkpoint, with a value ${name}`, async () => {
        await onMachine(async (runtime, machine) => {
          const store = await filled(runtime);
          await store.apply(transactionOf(removal.mutations));
          await store.abandon();
          await damage(runtime, machine, 'k4 moved');
          const found = await fsck(runtime, directory, { deep: true });
          assert.ok(found.counts.has('index-value-removed'), JSON.stringify(found.findings));
          assert.ok(!found.counts.has('index-value'), JSON.stringify(found.findings));
          const mended = await fsck(runtime, directory, { repair: true });
          assert.equal(mended.repaired, 'done', mended.repairNotes.join());
          assert.deepEqual((await fsck(runtime, directory, { deep: true })).findings, []);
        });
      });
    }
  }

  it('a segment that only a damaged value kept in use is not recycled before fsck says so', async () => {
    await onMachine(async (runtime, machine) => {
      const before = await filled(runtime);
      await before.close();
      const kv = await runtime.kv.open(`${directory}/index`);
      const owners = await kv.iterate(prefixRange('r')).next(10);
      let segment = -1;
      forEachBodyOf(omapKey(object, 'k1'), (await kv.get(omapKey(object, 'k1'))) ?? assert.fail(), (payload) => {
        segment = payload.segment;
      });
      await kv.close();
      assert.equal(owners.length, 1);
      await damages[0]?.damage(runtime, machine, 'k4 moved');
      const store = await openStore(runtime, directory, { layerMsMax: 1e9 });
      await store.apply(
        transactionOf([
          { kind: 'remove', object },
          { kind: 'remove', object: other },
        ]),
      );
      const data = payloadOf(new Uint8Array(200_000));
      // Twice around the store.
      for (let i = 0; i < 160; i++) {
        await store.apply(transactionOf([{ kind: 'write', object: other, offset: 0, data }]));
        if (i % 4 === 0) await store.checkpoint();
      }
      assert.ok(store.cleanable().includes(segment));
      await store.close();
      const mended = await fsck(runtime, directory, { repair: true });
      assert.equal(mended.repaired, 'done', mended.repairNotes.join());
      assert.deepEqual((await fsck(runtime, directory, { deep: true })).findings, []);
    });
  });
});
