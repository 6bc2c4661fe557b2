import assert from 'node:assert/strict';
import { SnapshotReceipt } from '../../../monitor/raft/snapshot-receipt.js';
import { memberId, term } from '../../../monitor/raft/types.js';
import { snapshotMeta } from './model-disk.js';

const membership = { voters: [memberId(1)], learners: [] };
const older = snapshotMeta({ index: 5, term: 1, membership, chunks: 3 });
const newer = snapshotMeta({ index: 9, term: 1, membership, chunks: 2 });

function accept(receipt: SnapshotReceipt, meta: typeof older, chunk: number, inTerm = 1, bytes = 2): boolean {
  return receipt.accept({ meta, chunk, term: term(inTerm), bytes });
}

describe('the receipt of a snapshot', () => {
  it('takes chunks in order, each once', () => {
    const receipt = new SnapshotReceipt();
    assert.equal(accept(receipt, older, 1), false);
    assert.equal(accept(receipt, older, 0), true);
    assert.equal(accept(receipt, older, 0), false);
    assert.equal(accept(receipt, older, 2), false);
    assert.equal(receipt.wanted(older), 1);
    assert.equal(accept(receipt, older, 1), true);
    assert.equal(accept(receipt, older, 2), true);
    assert.equal(receipt.wanted(older), 0);
  });

  it('starts over for a newer snapshot, and ignores late chunks of the older', () => {
    const receipt = new SnapshotReceipt();
    accept(receipt, older, 0);
    assert.equal(accept(receipt, newer, 1), false);
    assert.equal(accept(receipt, newer, 0), true);
    assert.equal(accept(receipt, older, 1), false);
    assert.equal(accept(receipt, older, 0), false);
    assert.equal(accept(receipt, newer, 1), true);
  });

  it('takes an older snapshot from a new leader, whose newest it is', () => {
    const receipt = new SnapshotReceipt();
    accept(receipt, newer, 0);
    assert.equal(accept(receipt, older, 0, 2), true);
  });

  it('goes on with the same snapshot from another leader', () => {
    const receipt = new SnapshotReceipt();
    accept(receipt, older, 0);
    assert.equal(accept(receipt, older, 1, 2), true);
  });

  it('never mixes two snapshots of one index and size', () => {
    const receipt = new SnapshotReceipt();
    const other = { ...older, checksum: 'f'.repeat(16) };
    accept(receipt, older, 0);
    assert.equal(receipt.wanted(other), 0);
    assert.equal(accept(receipt, other, 1, 2), false);
    assert.equal(accept(receipt, other, 0, 2), true);
    assert.equal(accept(receipt, older, 1, 2), false);
  });

  it('starts over when the pieces are more or less than was announced', () => {
    const tooMany = new SnapshotReceipt();
    assert.equal(accept(tooMany, newer, 0, 1, 5), false);
    const tooFew = new SnapshotReceipt();
    assert.equal(accept(tooFew, newer, 0), true);
    assert.equal(accept(tooFew, newer, 1, 1, 1), false);
    assert.equal(tooFew.wanted(newer), 0);
  });
});
