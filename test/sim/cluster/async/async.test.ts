/** Whole clusters with an async pool: a few seeds. `npm run sim:async -- --seeds 1000` runs more. */
import assert from 'node:assert/strict';
import { forEachSeed } from '../../seeds.js';
import { simulateAsync } from './simulate-async.js';

describe('sim/cluster: async pools', () => {
  it('lose acknowledged writes with a primary that was alone, within max_lag, and park each of them', async function () {
    this.timeout(180_000);
    // Worlds change with the code: the first of these that loses something will do.
    for (let seed = 12; seed < 24; seed++) {
      const { lost, parkedEntries, lossyPgs } = await simulateAsync(seed, { faults: ['lose-tail'] });
      if (lost === 0) continue;
      assert.ok(parkedEntries > 0 && lossyPgs > 0);
      return;
    }
    assert.fail('no primary was lost with what only it had');
  });

  it('answer in one order while no primary is lost, and lose nothing in silence, whatever happens', async function () {
    this.timeout(180_000);
    await forEachSeed({ count: 100, boxMs: 6_000 }, async (seed) => {
      await simulateAsync(seed);
    });
  });
});
