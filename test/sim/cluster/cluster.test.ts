/** Whole clusters under faults: a few seeds, as many as fit into the time. `npm run sim -- --seeds 1000` runs more. */
import assert from 'node:assert/strict';
import { forEachSeed } from '../seeds.js';
import { simulate } from './simulate.js';

describe('sim/cluster: whole clusters', () => {
  it('answer as one object would, and are whole again when the faults are over', async function () {
    this.timeout(180_000);
    await forEachSeed({ count: 100, boxMs: 20_000 }, async (seed) => {
      await simulate(seed);
    });
  });

  it('run the same way when a seed is run twice', async function () {
    this.timeout(180_000);
    const first = await simulate(1);
    const second = await simulate(1);
    assert.deepEqual(second, first);
  });
});
