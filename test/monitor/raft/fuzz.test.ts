/** Pure cores under loss, repetition, reordering, crashes, compaction, changes of membership: the invariants hold after every step. */
import assert from 'node:assert/strict';
import { forEachSeed } from '../../sim/seeds.js';
import { FuzzCluster, noCounts } from './fuzz-cluster.js';

const stepsPerSeed = 3_000;

describe('raft under fuzzing', () => {
  it('keeps its invariants after every step, and commits again once the faults end', async () => {
    const sums = noCounts();
    const seeds = await forEachSeed({ count: 100_000, boxMs: 8_000 }, (seed) => {
      const cluster = new FuzzCluster(seed);
      for (let i = 0; i < stepsPerSeed; i++) cluster.step();
      assert.ok(cluster.recovers(), 'the cluster commits again');
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += cluster.counts[name];
      return Promise.resolve();
    });
    // A run that meets nothing proves nothing.
    for (const [name, sum] of Object.entries(sums)) assert.ok(sum > 0 || seeds < 20, `no ${name} in ${seeds} seeds`);
  });
});
