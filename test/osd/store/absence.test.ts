/** The filter of absent keys never calls a key absent that is there. */
import assert from 'node:assert/strict';
import { mutationsMax } from '../../../osd/store/limits.js';
import type { Mutation } from '../../../osd/store/transaction.js';
import { freshStore, inWorld, named, transactionOf } from './one-store.js';

describe('osd/store/index: absence', () => {
  it('knows the keys that were in the layers when the filter had to grow', async function () {
    this.timeout(60_000);
    await inWorld(async (runtime) => {
      const big = { capacityBytes: 2 ** 30, segmentBytes: 2 ** 26 };
      const store = await freshStore(runtime, { layerBytesMax: 1e9, layerMsMax: 1e9, prewrite: false }, big);
      const object = named('index');
      let keys = 0;
      // The filter begins with room for 131,072 keys; the last of these transactions is what makes it grow.
      for (let left = 9; left > 0; left--) {
        const mutations = Array.from({ length: mutationsMax }, (): Mutation => {
          return { kind: 'omap-set', object, key: `k${keys++}`, head: new Uint8Array(1), bodies: [] };
        });
        await store.apply(transactionOf(mutations));
      }
      await runtime.clock.sleep(1_000);
      await store.checkpoint();
      for (let key = 0; key < keys; key += 1_000) {
        assert.ok((await store.objects.omapGet(object, `k${key}`)) !== undefined, `k${key} of ${keys} is there`);
      }
      assert.ok((await store.objects.stat(object)) !== undefined);
      await store.close();
    });
  });
});
