import assert from 'node:assert/strict';
import { BatchPool, type ChainedBatch } from '../../../runtime/node/kv-batch-builder.js';

class FakeBatch implements ChainedBatch {
  readonly calls: string[] = [];
  isStoreClosed = false;

  put(): void {}
  del(): void {}
  async _write(): Promise<void> {}

  clear(): void {
    if (this.isStoreClosed) throw new Error('Batch is not open');
    this.calls.push('clear');
  }

  async close(): Promise<void> {
    this.calls.push('close');
  }
}

describe('batches that LevelDB holds', () => {
  it('are emptied and used again, two in turn, and closed beyond that', async () => {
    const made: FakeBatch[] = [];
    const pool = new BatchPool(() => {
      const batch = new FakeBatch();
      made.push(batch);
      return batch;
    });
    for (let round = 0; round < 5; round += 1) {
      const filled = pool.take();
      const written = pool.take();
      await pool.release(written);
      await pool.release(filled);
    }
    assert.equal(made.length, 2);
    const all = [pool.take(), pool.take(), pool.take()];
    for (const batch of all) await pool.release(batch);
    assert.deepEqual(
      made.map((batch) => batch.calls.filter((call) => call === 'close').length),
      [0, 0, 1],
    );
    assert.equal(made[0]?.calls.length, 6);
  });

  it('are not used again when their store was closed', async () => {
    const pool = new BatchPool(() => new FakeBatch());
    const batch = pool.take() as FakeBatch;
    batch.isStoreClosed = true;
    await pool.release(batch);
    assert.notEqual(pool.take(), batch);
  });
});
