/** What the cleaner must manage: many tiny payloads, and payloads whose keys came and went. */
import assert from 'node:assert/strict';
import { objectId } from '../../../osd/store/object-id.js';
import { openStore } from '../../../osd/store/open-store.js';
import { payloadOf, type Mutation } from '../../../osd/store/transaction.js';
import { directory, freshStore, inWorld, named, pool, transactionOf } from './one-store.js';

const small = { capacityBytes: 10 * 2 ** 20, segmentBytes: 2 ** 18 };

describe('osd/store/cleaner', () => {
  it('moves very many tiny bodies in batches that fit a segment', async function () {
    this.timeout(30_000);
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, {}, small);
      // Each move names the object: the record of all of them would be larger than a segment.
      const object = objectId(pool, { namespace: '', locator: '', name: 'n'.repeat(2_000) });
      const first = store.logEnd().segment;
      let keys = 0;
      while (store.logEnd().segment === first) {
        const mutations = Array.from({ length: 500 }, (): Mutation => {
          const key = `k${keys++}`;
          return {
            kind: 'omap-set',
            object,
            key,
            head: undefined,
            bodies: [{ slot: 0, body: payloadOf(new Uint8Array(1)) }],
          };
        });
        await store.apply(transactionOf(mutations));
      }
      await store.clean(first);
      await store.apply(transactionOf([{ kind: 'create', object: named('later') }]));
      await store.abandon();
      const again = await openStore(runtime, directory);
      assert.ok((await again.objects.stat(named('later'))) !== undefined);
      for (let key = 0; key < keys; key++) {
        assert.equal((await again.objects.omapBody(object, `k${key}`, 0))?.byteLength, 1, `body of k${key}`);
      }
      await again.close();
    });
  });

  it('empties a segment where bodies stood whose moved keys were removed as a range', async () => {
    for (const isCheckpointed of [false, true]) {
      await inWorld(async (runtime) => {
        const store = await freshStore(runtime, {}, small);
        const object = named('one');
        const place = async (value: number): Promise<void> => {
          const body = payloadOf(new Uint8Array(30_000).fill(value));
          await store.apply(
            transactionOf([{ kind: 'omap-set', object, key: 'a', head: undefined, bodies: [{ slot: 0, body }] }]),
          );
        };
        // The same place in the same segment over and over: a key of who owns a payload there must not outlive it.
        for (let round = 0; round < 200; round++) {
          await place(round);
          await store.apply(transactionOf([{ kind: 'omap-move', object, from: 'a', to: 'b' }]));
          if (isCheckpointed) await store.checkpoint();
          await store.apply(transactionOf([{ kind: 'omap-remove-range', object, from: 'b', to: undefined }]));
          await store.checkpoint();
        }
        await store.close();
        const kv = await runtime.kv.open(`${directory}/index`);
        const iterator = kv.iterate({ gte: 'r', lt: 's' });
        const left = await iterator.next(100);
        await iterator.close();
        await kv.close();
        assert.equal(left.length, 0, `${left.length} owners of payloads that are gone`);
      });
    }
  });
});
