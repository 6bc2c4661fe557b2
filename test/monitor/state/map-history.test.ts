import assert from 'node:assert/strict';
import { InvariantError } from '../../../base/invariant.js';
import { epoch } from '../../../cluster/ids.js';
import type { ClusterMap } from '../../../cluster/map.js';
import { epochsKeptMax, incrementalBytesMax, MapHistory } from '../../../monitor/state/map-history.js';
import { emptyClusterMap } from '../commands/local-map.js';

const base = emptyClusterMap();

function mapOf(number: number): ClusterMap {
  return { ...base, epoch: epoch(number) };
}

/** Epochs 1 to `last`; the step to epoch n has `bytes(n)` bytes, all n. */
function historyTo(last: number, bytes = (_number: number): number => 10): MapHistory {
  const history = new MapHistory(base);
  for (let number = 2; number <= last; number++) {
    history.add(mapOf(number), new Uint8Array(bytes(number)).fill(number));
  }
  return history;
}

const epochsOf = (found: readonly Uint8Array[] | undefined) => found?.map((bytes) => bytes[0]);

describe('the recent past of the map', () => {
  it('leads from any epoch kept to the newest, in order', () => {
    const history = historyTo(6);
    assert.deepEqual(epochsOf(history.incrementalsAfter(3, 1_000)), [4, 5, 6]);
    assert.deepEqual(epochsOf(history.incrementalsAfter(1, 1_000)), [2, 3, 4, 5, 6]);
    assert.deepEqual(history.incrementalsAfter(6, 1_000), []);
    assert.equal(history.mapOf(1)?.epoch, 1);
    assert.equal(history.mapOf(4)?.epoch, 4);
  });

  it('knows nothing of epochs before it, or of those to come', () => {
    const history = historyTo(epochsKeptMax + 4);
    assert.equal(history.base.epoch, 4);
    assert.equal(history.steps.length, epochsKeptMax);
    assert.equal(history.incrementalsAfter(3, 1_000), undefined);
    assert.equal(epochsOf(history.incrementalsAfter(4, 1_000))?.[0], 5);
    assert.equal(history.incrementalsAfter(epochsKeptMax + 5, 1_000), undefined);
    assert.equal(history.mapOf(3), undefined);
    assert.equal(history.mapOf(epochsKeptMax + 5), undefined);
  });

  it('gives as much as fits, and one step at least', () => {
    const history = historyTo(6, (number) => number * 10);
    assert.deepEqual(epochsOf(history.incrementalsAfter(2, 70)), [3, 4]);
    assert.deepEqual(epochsOf(history.incrementalsAfter(2, 69)), [3]);
    assert.deepEqual(epochsOf(history.incrementalsAfter(4, 1)), [5]);
  });

  it('is bounded in bytes, down to the newest map alone', () => {
    const half = incrementalBytesMax / 2;
    const history = historyTo(4, () => half);
    assert.deepEqual(
      history.steps.map(({ map }) => map.epoch),
      [3, 4],
    );
    history.add(mapOf(5), new Uint8Array(incrementalBytesMax + 1));
    assert.equal(history.steps.length, 0);
    assert.equal(history.newest.epoch, 5);
    history.add(mapOf(6), new Uint8Array(10));
    assert.equal(history.base.epoch, 5);
  });

  it('takes one epoch after the other only', () => {
    assert.throws(() => historyTo(3).add(mapOf(5), new Uint8Array(1)), InvariantError);
  });

  it('of a fork stays as it was', () => {
    const history = historyTo(3);
    const fork = history.fork();
    history.add(mapOf(4), new Uint8Array(1));
    assert.equal(fork.newest.epoch, 3);
    fork.add(mapOf(4), new Uint8Array(2));
    assert.equal(history.steps.at(-1)?.incremental.byteLength, 1);
  });
});
