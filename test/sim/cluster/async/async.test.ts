/** Whole clusters with an async pool: a few seeds. `npm run sim:async -- --seeds 1000` runs more. */
import assert from 'node:assert/strict';
import { forEachSeed } from '../../seeds.js';
import { simulateAsync } from './simulate-async.js';

describe('sim/cluster: async pools', () => {
  it('lose acknowledged writes with a primary that was alone, within max_lag, and park each of them', async function () {
    this.timeout(120_000);
    const { lost, parkedEntries, lossyPgs } = await simulateAsync(12, { faults: ['lose-tail'] });
    assert.ok(lossyPgs > 0 && lost > 0 && parkedEntries > 0, `${lost} lost, ${parkedEntries} parked, ${lossyPgs} PGs`);
  });

  it('answer in one order while no primary is lost, and lose nothing in silence, whatever happens', async function () {
    this.timeout(180_000);
    await forEachSeed({ count: 100, boxMs: 6_000 }, async (seed) => {
      await simulateAsync(seed);
    });
  });
});
