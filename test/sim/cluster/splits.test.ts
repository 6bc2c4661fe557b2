/** Whole clusters under faults, whose pool gets more PGs meanwhile. `npm run sim -- --splits yes --seeds 1000` runs more. */
import assert from 'node:assert/strict';
import { forEachSeed } from '../seeds.js';
import { simulate } from './simulate.js';

describe('sim/cluster: whole clusters whose PGs are split', () => {
  it('answer as one object would, and are whole again when the faults are over', async function () {
    this.timeout(180_000);
    let splits = 0;
    await forEachSeed({ count: 100, boxMs: 8_000 }, async (seed) => {
      splits += (await simulate(seed, { splits: true })).splits;
    });
    assert.ok(splits > 0, 'PGs were split');
  });

  it('open no grandchild of a PG before the child between them, which is not open yet, was split', async function () {
    this.timeout(60_000);
    assert.ok((await simulate(70_034, { splits: true })).splits > 1);
  });
});
