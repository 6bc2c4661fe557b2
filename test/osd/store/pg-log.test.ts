/** A PG's log through cuts, trims and reopening, at the edges of its blocks. */
import assert from 'node:assert/strict';
import { logBlockEntriesMax } from '../../../osd/store/limits.js';
import { openStore } from '../../../osd/store/open-store.js';
import type { Store } from '../../../osd/store/store.js';
import { directory, entryOf, freshStore, inWorld, pg, transactionOf } from './one-store.js';

async function append(store: Store, from: number, to: number, term = 1): Promise<void> {
  for (let seq = from; seq < to; seq++) {
    store.submit(transactionOf([], { entry: entryOf(seq, { term }) }));
  }
  await store.apply(transactionOf([], { entry: entryOf(to, { term }) }));
}

async function seqsOf(store: Store): Promise<number[]> {
  const seqs: number[] = [];
  for (;;) {
    const { entries } = await store.readLog(pg, seqs.at(-1) ?? 0);
    if (entries.length === 0) return seqs;
    seqs.push(...entries.map(({ seq }) => seq));
  }
}

describe('osd/store/pg: the log', () => {
  it('is cut off right behind a full block, goes on, and is read again after the store was opened', async () => {
    await inWorld(async (runtime) => {
      const full = logBlockEntriesMax;
      const store = await freshStore(runtime);
      await append(store, 1, full + 1);
      await store.apply(transactionOf([], { cutAfter: { term: 1, seq: full }, entry: entryOf(full + 1, { term: 2 }) }));
      await append(store, full + 2, 2 * full + 3, 2);
      const expected = Array.from({ length: 2 * full + 3 }, (_, i) => i + 1);
      assert.deepEqual(await seqsOf(store), expected);
      await store.close();
      const again = await openStore(runtime, directory);
      assert.deepEqual(await seqsOf(again), expected);
      await again.close();
    });
  });

  it('is read without a gap while it grows by a block and loses another', async () => {
    await inWorld(async (runtime) => {
      const full = logBlockEntriesMax;
      const options = { readCacheBytes: 0, layerMsMax: 1e9 };
      const first = await freshStore(runtime, options);
      await append(first, 1, 2 * full);
      await first.close();
      const store = await openStore(runtime, directory, options);
      const reading = store.readLog(pg, 2 * full);
      // While LevelDB is asked for the last block: another one is full, and the first is trimmed.
      for (let seq = 2 * full + 1; seq <= 3 * full; seq++) {
        store.submit(transactionOf([], { entry: entryOf(seq), trimTo: full }));
      }
      assert.equal((await reading).entries[0]?.seq, 2 * full + 1);
      await store.close();
    });
  });

  it('takes no sequence number that nothing can follow', async () => {
    await inWorld(async (runtime) => {
      const store = await freshStore(runtime);
      const entry = entryOf(Number.MAX_SAFE_INTEGER, { reply: new Uint8Array(65_536) });
      await assert.rejects(async () => await store.apply(transactionOf([], { entry })), { code: 'INVALID_ARGUMENT' });
      const last = entryOf(Number.MAX_SAFE_INTEGER - 1, { reply: new Uint8Array(65_536) });
      await store.apply(transactionOf([], { entry: last }));
      await store.close();
      await (await openStore(runtime, directory)).close();
    });
  });
});
