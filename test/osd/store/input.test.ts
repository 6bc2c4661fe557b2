/** What callers pass: it is refused before anything is written, or it is the store's own from then on. */
import assert from 'node:assert/strict';
import { openStore } from '../../../osd/store/open-store.js';
import type { Mutation, Payload } from '../../../osd/store/transaction.js';
import { directory, freshStore, inWorld, named, pg, transactionOf } from './one-store.js';

const object = named('one');

describe('osd/store: what callers pass', () => {
  it('payloads whose pieces do not add up are refused, and cost the others nothing', async () => {
    const wrong: Payload[] = [
      { pieces: [new Uint8Array(10)], bytes: 11 },
      { pieces: [new Uint8Array(10)], bytes: 9 },
      { pieces: [], bytes: 1 },
      { pieces: [new Uint8Array(1)], bytes: 0 },
    ];
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime);
      const good = store.apply(transactionOf([{ kind: 'create', object: named('good') }]));
      for (const data of wrong) {
        const mutations: Mutation[] = [
          { kind: 'write', object, offset: 0, data },
          { kind: 'append', object, data },
          { kind: 'omap-set', object, key: 'k', head: undefined, bodies: [{ slot: 0, body: data }] },
        ];
        for (const mutation of mutations) {
          assert.throws(() => store.submit(transactionOf([mutation])), { code: 'INVALID_ARGUMENT' });
        }
      }
      await good;
      await store.abandon();
      const again = await openStore(runtime, directory);
      assert.ok((await again.objects.stat(named('good'))) !== undefined);
      assert.equal(await again.objects.stat(object), undefined);
      await again.close();
    });
  });

  it('values are the store’s own once they are durable, whatever becomes of the buffer', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime);
      const buffer = new Uint8Array(4).fill(1);
      await store.apply(
        transactionOf([
          { kind: 'pg-set', key: 'k', value: buffer },
          { kind: 'set-mark', object, mark: 'm', value: buffer },
        ]),
      );
      buffer.fill(2);
      assert.deepEqual([...((await store.objects.pgGet(pg, 'k')) ?? [])], [1, 1, 1, 1]);
      await store.close();
      const again = await openStore(runtime, directory);
      assert.deepEqual([...((await again.objects.pgGet(pg, 'k')) ?? [])], [1, 1, 1, 1]);
      await again.close();
    });
  });

  it('a read of bytes that no object has is refused', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime);
      await store.apply(transactionOf([{ kind: 'truncate', object, size: 100 }]));
      const wrong = [
        [-1, 10],
        [0, -1],
        [Number.NaN, 1],
        [0.5, 1],
        [0, Number.POSITIVE_INFINITY],
      ] as const;
      for (const [offset, bytes] of wrong) {
        await assert.rejects(store.objects.read(object, offset, bytes), { code: 'INVALID_ARGUMENT' });
      }
      await store.close();
    });
  });
});
