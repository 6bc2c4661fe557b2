import assert from 'node:assert/strict';
import { KvBatches, type SealedOperation } from '../../../runtime/node/kv-batches.js';

describe('batches that wait together', () => {
  for (const syncs of [
    [false, false],
    [true, false],
    [false, true],
  ]) {
    it(`${syncs.join(' and ')}: the joined write is synced when any of them asked for it`, async () => {
      const writes: { count: number; sync: boolean }[] = [];
      const batches = new KvBatches(async (operations, sync) => {
        writes.push({ count: operations.length, sync });
        await Promise.resolve();
      });
      const one: SealedOperation[] = [{ type: 'del', key: Buffer.from('a') }];
      await Promise.all([batches.add(one, false), ...syncs.map((sync) => batches.add(one, sync))]);
      assert.deepEqual(writes, [
        { count: 1, sync: false },
        { count: 2, sync: syncs.includes(true) },
      ]);
    });
  }
});
