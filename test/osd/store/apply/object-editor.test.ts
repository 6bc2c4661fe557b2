import assert from 'node:assert/strict';
import { Draft } from '../../../../osd/store/apply/draft.js';
import { chunkBytes } from '../../../../osd/store/limits.js';
import { payloadOf, type Mutation } from '../../../../osd/store/transaction.js';
import { freshStore, inWorld, named, transactionOf } from '../one-store.js';

describe('osd/store/apply: one object in a transaction', () => {
  it('has each of its chunks written back once, however many mutations changed it', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, { chunkExtentsMax: 1e9 });
      const object = named('one');
      const mutations = Array.from({ length: 2_000 }, (_, i): Mutation => {
        return { kind: 'write', object, offset: 2 * chunkBytes + 4 * i, data: payloadOf(Uint8Array.of(i & 0xff)) };
      });
      const puts = await putsIn(() => store.apply(transactionOf(mutations)));
      assert.equal(puts.filter((key) => key.startsWith('e')).length, 1);
      const [read] = await store.objects.read(object, 2 * chunkBytes + 40, 1);
      assert.deepEqual([...(read ?? [])], [10]);
      await store.close();
    });
  });

  it('may become small and large again within one', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime, { layerMsMax: 1e9 });
      const object = named('one');
      const size = 3 * chunkBytes;
      const write = (offset: number, value: number): Mutation => {
        return { kind: 'write', object, offset, data: payloadOf(new Uint8Array(10).fill(value)) };
      };
      const resize = (to: number): Mutation => ({ kind: 'truncate', object, size: to });
      await store.apply(transactionOf([write(5, 1), write(size - 10, 2)]));
      await store.checkpoint();
      await store.apply(transactionOf([resize(100), write(50, 3), resize(size), write(chunkBytes, 4), resize(200)]));
      await store.apply(transactionOf([resize(size)]));
      const data = Buffer.concat(await store.objects.read(object, 0, size));
      const expected = Buffer.alloc(size);
      expected.fill(1, 5, 15).fill(3, 50, 60);
      assert.ok(data.equals(expected));
      await store.close();
    });
  });
});

/** Keys that drafts put, in order. */
async function putsIn(body: () => Promise<void>): Promise<string[]> {
  const prototype: { put: (this: Draft, key: string, value: Uint8Array) => void } = Draft.prototype;
  const before = prototype.put;
  const keys: string[] = [];
  prototype.put = function put(key, value) {
    keys.push(key);
    before.call(this, key, value);
  };
  try {
    await body();
  } finally {
    prototype.put = before;
  }
  return keys;
}
