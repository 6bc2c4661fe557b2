/** Whole monitor daemons under random faults. More seeds, or one: `SEEDS=1000 npm run sim`, `SEED=17 npm run sim`. */
import assert from 'node:assert/strict';
import { forEachSeed } from '../../sim/seeds.js';
import { simulate } from './simulate.js';

describe('monitor daemons: random faults', function () {
  this.timeout(0);

  it('no acknowledged change is lost or applied twice, followers miss nothing, and all monitors end alike', async () => {
    const sums = { acknowledged: 0, epochs: 0, mapsFollowed: 0, terms: 0 };
    const ran = await forEachSeed({ count: 200, boxMs: 5_000 }, async (seed) => {
      const outcome = await simulate(seed);
      sums.acknowledged += outcome.acknowledged;
      sums.epochs += outcome.epochs;
      sums.mapsFollowed += outcome.mapsFollowed;
      sums.terms += outcome.terms;
    });
    // That the faults did not keep the clients from doing anything, nor the clients the faults.
    assert.ok(sums.acknowledged > 10 * ran && sums.mapsFollowed > 10 * ran, JSON.stringify(sums));
  });

  it('one seed run twice does the same to the last event', async () => {
    // 14 found that clients of a removed monitor that still ran were told that they have no right to change anything.
    assert.deepEqual(await simulate(14), await simulate(14));
  });
});
