/** Compares a store with what the writer process wrote up to some transaction. */
import assert from 'node:assert/strict';
import { concatBytes, latin1Text } from '../../../../base/bytes.js';
import type { Store } from '../../../../osd/store/store.js';
import { countIn, dataOf, objectCount, objectOf, pg } from './numbered.js';

/** Everything in the store is as transactions 1 to `count` left it; returns `count`. */
export async function checkNumbered(store: Store): Promise<number> {
  const count = await countIn(store);
  for (let number = Math.max(1, count - objectCount + 1); number <= count; number++) {
    const object = objectOf(number);
    const expected = dataOf(number);
    const info = await store.objects.stat(object);
    assert.equal(info?.size, expected.byteLength, `size of what transaction ${number} wrote`);
    const data = concatBytes(await store.objects.read(object, 0, expected.byteLength));
    assert.equal(Buffer.compare(data, expected), 0, `data of transaction ${number}`);
    const item = await store.objects.omapGet(object, 'k');
    assert.equal(latin1Text(item?.head ?? new Uint8Array(0)), `${number}`);
    const body = await store.objects.omapBody(object, 'k', 1);
    assert.equal(Buffer.compare(body ?? new Uint8Array(0), expected), 0, `body of transaction ${number}`);
  }
  assert.equal(store.counts(pg).objects, Math.min(count, objectCount));
  await checkLog(store, count);
  return count;
}

async function checkLog(store: Store, count: number): Promise<void> {
  let after = Math.max(0, count - 1_000);
  for (;;) {
    const { entries } = await store.readLog(pg, after);
    if (entries.length === 0) break;
    for (const { seq, request, reply } of entries) {
      assert.deepEqual([seq, request, latin1Text(reply)], [after + 1, after + 1, `reply ${after + 1}`]);
      after = seq;
    }
  }
  assert.equal(after, count, 'the log of the PG ends with the last transaction');
}
