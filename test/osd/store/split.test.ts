/** A PG that is split, at the edges: what is refused, logs of several blocks, and what was split before. */
import assert from 'node:assert/strict';
import { utf8Bytes, utf8Text } from '../../../base/bytes.js';
import { pgOfHash } from '../../../cluster/object-placement.js';
import { childrenOf } from '../../../cluster/pg/split.js';
import type { PgSplit } from '../../../osd/store/pg/pg-split.js';
import { logBlockEntriesMax } from '../../../osd/store/limits.js';
import { openStore } from '../../../osd/store/open-store.js';
import type { Store } from '../../../osd/store/store.js';
import type { Transaction } from '../../../osd/store/transaction.js';
import { directory, entryOf, freshStore, inWorld, named, pg, pool, transactionOf } from './one-store.js';

const none = { objects: 0, bytes: 0 };

/** Of PG `number`, with counts of none. */
function splitOf(number: number, fromPgNum: number, toPgNum: number, more: Partial<PgSplit> = {}): Transaction {
  const children = childrenOf(number, { fromPgNum, toPgNum }).map((child) => ({ pg: child, objects: 0, bytes: 0 }));
  const split = { fromPgNum, toPgNum, children, values: [], ...more };
  return transactionOf([], { pg: { pool, pg: number }, split });
}

async function requestsOf(store: Store, number: number): Promise<(number | undefined)[]> {
  const requests: (number | undefined)[] = [];
  for (let after = 0; ;) {
    const { entries } = await store.readLog({ pool, pg: number }, after);
    if (entries.length === 0) return requests;
    for (const { object, request } of entries) requests.push(object === undefined ? undefined : request);
    after = entries.at(-1)?.seq ?? after;
  }
}

describe('osd/store: a PG that is split', () => {
  const refusals: { name: string; transaction: Transaction }[] = [
    { name: 'into fewer', transaction: splitOf(0, 4, 4, { toPgNum: 2, children: [] }) },
    { name: 'of a pool without it', transaction: splitOf(0, 4, 8, { children: [] }) },
    { name: 'into some of its children', transaction: splitOf(0, 1, 4, { children: [{ pg: 1, ...none }] }) },
    { name: 'into another’s', transaction: splitOf(0, 4, 8, { children: [{ pg: 5, ...none }] }) },
    { name: 'with a value for none of them', transaction: splitOf(0, 4, 8, { values: [{ key: 'k', to: 5 }] }) },
    { name: 'and appends', transaction: { ...splitOf(0, 4, 8), entry: entryOf(1) } },
    { name: 'and trims', transaction: { ...splitOf(0, 4, 8), trimTo: 1 } },
    {
      name: 'and changes an object',
      transaction: { ...splitOf(0, 4, 8), mutations: [{ kind: 'create', object: named('a') }] },
    },
    { name: 'into less than nothing', transaction: splitOf(0, 1, 2, { children: [{ pg: 1, objects: -1, bytes: 0 }] }) },
  ];
  for (const { name, transaction } of refusals) {
    it(`is refused: ${name}`, async () => {
      await inWorld(async (runtime) => {
        const store = await freshStore(runtime);
        await store.apply(transactionOf([{ kind: 'pg-set', key: 'k', value: utf8Bytes('v') }]));
        assert.throws(() => store.submit(transaction), { code: 'INVALID_ARGUMENT' });
        assert.deepEqual(store.pgs(), [pg]);
        await store.close();
      });
    });
  }

  it('is refused where a child is here, and leaves both as they are', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime);
      const child = { pool, pg: 1 };
      await store.apply(transactionOf([{ kind: 'pg-set', key: 'k', value: utf8Bytes('parent') }]));
      await store.apply(transactionOf([{ kind: 'pg-set', key: 'k', value: utf8Bytes('child') }], { pg: child }));
      const split = splitOf(0, 1, 2, { values: [{ key: 'k', to: 1 }] });
      await assert.rejects(store.apply(split), { code: 'CONFLICT', message: /1\.1 is here already/ });
      assert.equal(utf8Text((await store.objects.pgGet(child, 'k')) ?? assert.fail()), 'child');
      assert.equal(utf8Text((await store.objects.pgGet(pg, 'k')) ?? assert.fail()), 'parent');
      await store.close();
    });
  });

  for (const count of [logBlockEntriesMax - 1, logBlockEntriesMax, 2 * logBlockEntriesMax + 1]) {
    it(`divides a log of ${count} entries, and again what came of it, in LevelDB as in memory`, async () => {
      await inWorld(async (runtime) => {
        let store = await freshStore(runtime, { readCacheBytes: 0 });
        const objects = Array.from({ length: count }, (_, i) => named(`object ${i}`));
        for (const [i, object] of objects.entries()) {
          const { durable } = store.submit(transactionOf([], { entry: entryOf(i + 1, { object, request: i + 1 }) }));
          if (i === count - 1) await durable;
        }
        await store.apply(transactionOf([], { trimTo: 3 }));
        const expect = async (pgNum: number): Promise<void> => {
          for (let part = 0; part < pgNum; part++) {
            const own = objects.map(({ hash }, i) => (pgOfHash(hash, pgNum) === part ? i + 1 : undefined));
            assert.deepEqual(await requestsOf(store, part), own.slice(3), `PG ${part} of ${pgNum}`);
            const { trimmedTo, lastSeq, lastTerm } = store.logBounds({ pool, pg: part });
            assert.deepEqual([trimmedTo, lastSeq, lastTerm], [3, count, 1]);
          }
        };
        await store.checkpoint();
        await store.apply(splitOf(0, 1, 2));
        await expect(2);
        await store.abandon();
        store = await openStore(runtime, directory, { readCacheBytes: 0 });
        await expect(2);
        await store.checkpoint();
        for (const number of [0, 1]) await store.apply(splitOf(number, 2, 8));
        await store.close();
        store = await openStore(runtime, directory, { readCacheBytes: 0 });
        await expect(8);
        for (let part = 0; part < 8; part++) {
          const more = { pg: { pool, pg: part }, entry: entryOf(count + 1), trimTo: count };
          await store.apply(transactionOf([], more));
          assert.deepEqual(store.logBounds({ pool, pg: part }).trimmedTo, count);
        }
        await store.close();
      });
    });
  }
});
