import assert from 'node:assert/strict';
import { ForwardedReads } from '../../../monitor/raft/forwarded-reads.js';
import { ReadQueue } from '../../../monitor/raft/read-queue.js';
import { logIndex } from '../../../monitor/raft/types.js';

const waitingMax = 4_096;

describe('reads that wait on the leader', () => {
  it('are bounded, with those whose round is under way', () => {
    const queue = new ReadQueue();
    const add = (id: number): boolean => queue.add({ from: undefined, id, arrivedTick: 0 });
    assert.equal(add(0), true);
    queue.begin(1, logIndex(7));
    for (let id = 1; id < waitingMax; id++) assert.equal(add(id), true);
    assert.equal(add(waitingMax), false);
    assert.equal(queue.wantsRound, false);
    assert.equal(queue.takeAnswered(0), undefined);
    assert.deepEqual(queue.takeAnswered(1)?.reads.length, 1);
    assert.equal(add(waitingMax), true);
  });

  it('expire by when they arrived, also out of a round under way', () => {
    const queue = new ReadQueue();
    queue.add({ from: undefined, id: 1, arrivedTick: 3 });
    queue.begin(1, logIndex(7));
    queue.add({ from: undefined, id: 2, arrivedTick: 5 });
    assert.deepEqual(queue.takeExpired(3), []);
    assert.deepEqual(
      queue.takeExpired(5).map(({ id }) => id),
      [1],
    );
    assert.equal(queue.wantsRound, true);
  });
});

describe('reads that a follower forwards', () => {
  it('are refused before the first tick, and bounded', () => {
    const reads = new ForwardedReads();
    assert.equal(reads.add(1), undefined);
    reads.seed(0.5);
    for (let id = 0; id < waitingMax; id++) assert.notEqual(reads.add(id), undefined);
    assert.equal(reads.add(waitingMax), undefined);
    assert.equal(reads.takeAll().length, waitingMax);
  });

  it('have other ids on the wire in another run', () => {
    const [before, after] = [new ForwardedReads(), new ForwardedReads()];
    before.seed(0.25);
    after.seed(0.75);
    const late = before.add(1);
    assert.notEqual(late, undefined);
    assert.notEqual(after.add(1), late);
    assert.equal(after.take(late ?? 0), undefined);
    assert.ok(Number.isSafeInteger(after.add(2)));
  });

  it('are answered once, or expire', () => {
    const reads = new ForwardedReads();
    reads.seed(0);
    const wireId = reads.add(7) ?? 0;
    reads.add(8);
    assert.equal(reads.take(wireId), 7);
    assert.equal(reads.take(wireId), undefined);
    assert.deepEqual(reads.tick(2), []);
    assert.deepEqual(reads.tick(2), [8]);
    assert.deepEqual(reads.tick(2), []);
  });
});
