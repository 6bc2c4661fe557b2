/** Transactions at the limits of count: they cost time in proportion, not by the square. */
import assert from 'node:assert/strict';
import { chunkBytes, mutationsMax } from '../../../osd/store/limits.js';
import { openStore } from '../../../osd/store/open-store.js';
import { payloadOf, type Mutation } from '../../../osd/store/transaction.js';
import { World } from '../../../runtime/sim/world.js';
import { hostNow } from '../../sim/seeds.js';
import { directory, entryOf, freshStore, inWorld, named, transactionOf } from './one-store.js';

const big = { capacityBytes: 2 ** 30, segmentBytes: 2 ** 26 };
const options = { layerBytesMax: 1e9, layerMsMax: 1e9, prewrite: false, readCacheBytes: 0 };

/** Generous for a busy machine; by the square it would take minutes. */
const msMax = 10_000;

async function timed(work: () => Promise<void>): Promise<void> {
  const began = hostNow();
  await work();
  const ms = hostNow() - began;
  assert.ok(ms < msMax, `${Math.round(ms)} ms`);
}

describe('osd/store: large transactions', function () {
  this.timeout(60_000);

  it('clone an object of very many extents', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, options, big);
      const object = named('volume');
      const count = 12_000;
      const data = payloadOf(new Uint8Array(16));
      for (let at = 0; at < count; at += 4_000) {
        const writes = Array.from({ length: 4_000 }, (_, i): Mutation => {
          return { kind: 'write', object, offset: (at + i) * 4_096, data };
        });
        await store.apply(transactionOf(writes));
      }
      await timed(() => store.apply(transactionOf([{ kind: 'clone', object: named('snapshot'), source: object }])));
      const [last] = await store.objects.read(named('snapshot'), (count - 1) * 4_096, 16);
      assert.equal(last?.byteLength, 16);
      await store.close();
    });
  });

  it('remove a clone of many chunks, whose payloads only LevelDB knows, without a look for each chunk', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('a');
    await world.main(async () => {
      const process = machine.start('osd', async (runtime) => {
        let store = await freshStore(runtime, options, big);
        const [object, clone] = [named('volume'), named('snapshot')];
        const data = payloadOf(new Uint8Array(16));
        const writes = Array.from({ length: 200 }, (_, i): Mutation => {
          return { kind: 'write', object, offset: i * chunkBytes, data };
        });
        await store.apply(transactionOf([...writes, { kind: 'clone', object: clone, source: object }]));
        for (const gone of [
          { kind: 'remove', object: clone },
          { kind: 'punch', object, offset: 0, bytes: 200 * chunkBytes },
        ] as const) {
          await store.close();
          store = await openStore(runtime, directory, options);
          const before = machine.ioBoundaryCount;
          await store.apply(transactionOf([gone]));
          const boundaries = machine.ioBoundaryCount - before;
          assert.ok(boundaries < 40, `${boundaries} boundaries of I/O to ${gone.kind}`);
        }
        await store.close();
      });
      await process.finished;
    });
  });

  it('touch very many values that only LevelDB knows, when they are made and when they are replayed', async () => {
    await inWorld(async (runtime) => {
      let store = await freshStore(runtime, options, big);
      const mutations = (head: Uint8Array): Mutation[] =>
        Array.from({ length: mutationsMax / 2 }, (_, i): Mutation[] => [
          { kind: 'omap-set', object: named('index'), key: `k${i}`, head, bodies: [] },
          { kind: 'set-attributes', object: named(`n${i}`), set: new Map([['a', head]]) },
        ]).flat();
      await store.apply(transactionOf(mutations(new Uint8Array(1))));
      await store.close();
      store = await openStore(runtime, directory, options);
      await timed(() => store.apply(transactionOf(mutations(new Uint8Array(2)))));
      await store.abandon();
      await timed(async () => {
        store = await openStore(runtime, directory, options);
      });
      assert.equal((await store.objects.omapGet(named('index'), 'k77'))?.head.byteLength, 2);
      await store.close();
    });
  });

  it('are refused in time when their log entry would be too large', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, options, big);
      const creates = Array.from({ length: mutationsMax }, (_, i): Mutation => ({
        kind: 'create',
        object: named(`n${i}`),
      }));
      await timed(async () => {
        await assert.rejects(store.apply(transactionOf(creates, { entry: entryOf(1) })), { code: 'INVALID_ARGUMENT' });
      });
      await store.close();
    });
  });
});
