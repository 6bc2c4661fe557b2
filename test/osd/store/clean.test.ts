/** What the cleaner must manage: many tiny payloads, and payloads whose keys came and went. */
import assert from 'node:assert/strict';
import { ObjectEditor } from '../../../osd/store/apply/object-editor.js';
import type { Extent } from '../../../osd/store/format/extents.js';
import { chunkBytes } from '../../../osd/store/limits.js';
import { objectId } from '../../../osd/store/object-id.js';
import { openStore } from '../../../osd/store/open-store.js';
import { payloadOf, type Mutation } from '../../../osd/store/transaction.js';
import { fsck } from '../../../osd/store/tools/fsck/fsck.js';
import { Prng } from '../../../runtime/sim/prng.js';
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

  it('looks at the chunks of a large object once, not for each payload that was appended to it', async function () {
    this.timeout(60_000);
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, { layerMsMax: 1e9, readCacheBytes: 0 }, { capacityBytes: 36 * 2 ** 20 });
      const [object, other] = [named('large'), named('other')];
      const chunks = 200;
      const appends = 150;
      const first = store.logEnd().segment;
      await store.apply(transactionOf([{ kind: 'truncate', object, size: chunks * chunkBytes - 10_000 }]));
      const prng = new Prng('appends');
      const pieces: Uint8Array[] = [];
      for (let i = 0; i < appends; i++) {
        const bytes = prng.bytes(1 + prng.below(6_000));
        pieces.push(bytes);
        await store.apply(transactionOf([{ kind: 'append', object, data: payloadOf(bytes) }]));
      }
      // Parts of some go, others wholly.
      const start = chunks * chunkBytes - 10_000;
      const data = Buffer.concat(pieces);
      for (const [at, bytes] of [
        [0, 9_000],
        [10_001, 5],
        [50_000, 30_000],
      ] as const) {
        await store.apply(transactionOf([{ kind: 'punch', object, offset: start + at, bytes }]));
        data.fill(0, at, at + bytes);
      }
      while (store.logEnd().segment === first) {
        await store.apply(
          transactionOf([{ kind: 'write', object: other, offset: 0, data: payloadOf(new Uint8Array(50_000)) }]),
        );
      }
      await store.checkpoint();
      assert.ok(store.cleanable().includes(first));
      const looked = await chunksLookedAt(() => store.clean(first));
      assert.ok(!store.cleanable().includes(first), 'nothing live is left in it');
      assert.ok(looked < 3 * chunks + 10 * appends, `${looked} chunks were looked at`);
      const read = Buffer.concat(await store.objects.read(object, start, data.byteLength));
      assert.ok(read.equals(data));
      await store.close();
      assert.deepEqual((await fsck(runtime, directory, { deep: true })).findings, []);
    });
  });
});

async function chunksLookedAt(body: () => Promise<void>): Promise<number> {
  const prototype: { chunks: (this: ObjectEditor, from: number, to: number) => (readonly Extent[])[] } =
    ObjectEditor.prototype;
  const before = prototype.chunks;
  let looked = 0;
  prototype.chunks = function chunks(from, to) {
    looked += to - from + 1;
    return before.call(this, from, to);
  };
  try {
    await body();
  } finally {
    prototype.chunks = before;
  }
  return looked;
}
