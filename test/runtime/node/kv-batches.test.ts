import assert from 'node:assert/strict';
import { batchesWaitingBytesMax } from '../../../runtime/kv.js';
import { KvBatches, type SealedOperation } from '../../../runtime/node/kv-batches.js';
import { withCode } from '../contract/harness.js';

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

  it('a lone write is joined with nothing, and waits and is waited for in order', async () => {
    const writes: string[] = [];
    const batches = new KvBatches(async (operations, sync) => {
      writes.push(`${operations.length} ${sync}`);
      await Promise.resolve();
    });
    const one: SealedOperation[] = [{ type: 'del', key: Buffer.from('a') }];
    const alone = async (): Promise<void> => {
      writes.push('alone');
      await Promise.resolve();
      writes.push('alone ended');
    };
    await Promise.all([
      ...[false, true, false].map((sync) => batches.add(one, sync)),
      batches.addAlone(alone),
      ...[false, false].map((sync) => batches.add(one, sync)),
    ]);
    await batches.addAlone(alone);
    assert.deepEqual(writes, ['1 false', '2 true', 'alone', 'alone ended', '2 false', 'alone', 'alone ended']);
  });

  it('a lone write that waits takes no room from the batches', async () => {
    const batches = new KvBatches(async () => {});
    const large: SealedOperation = {
      type: 'put',
      key: Buffer.from('a'),
      value: Buffer.alloc(batchesWaitingBytesMax + 1),
    };
    await Promise.all([batches.add([], false), batches.addAlone(async () => {}), batches.add([large], false)]);
  });

  it('a lone write that failed makes room for another', async () => {
    const batches = new KvBatches(async () => {});
    const failing = (): Promise<void> => Promise.reject(new Error('torn'));
    const first = batches.addAlone(failing);
    assert.throws(() => batches.addAlone(failing), withCode('OVERLOADED'));
    await assert.rejects(first, /torn/);
    await batches.addAlone(async () => {});
  });
});
