import assert from 'node:assert/strict';
import { forEachSeed } from '../../../sim/seeds.js';
import { type Bug, bugs, LeaseWorld } from './world.js';

const worldMs = 30_000;

/** The first seed from the known one on that finds the bug: it is another when the world or the draws have changed. */
function findingSeed(bug: Bug): number | undefined {
  for (let seed: number = bugs[bug]; seed < bugs[bug] + 300; seed++) {
    const world = new LeaseWorld({ seed, bug });
    world.runFor(worldMs);
    if (world.violation !== undefined) return seed;
  }
  return undefined;
}

describe('leases in a bad world', () => {
  it('are never valid in two terms of a PG at one instant', async () => {
    let served = 0;
    let terms = 0;
    await forEachSeed({ count: 400, boxMs: 3_000 }, async (seed) => {
      const world = new LeaseWorld({ seed });
      world.runFor(worldMs);
      assert.equal(world.violation, undefined);
      served += world.servedMs;
      terms += world.terms;
      await Promise.resolve();
    });
    assert.ok(served > worldMs / 10 && terms > 10, `hardly anything was served: ${served} ms, ${terms} terms`);
  }).timeout(0);

  for (const bug of Object.keys(bugs) as Bug[]) {
    it(`would show this bug, planted: ${bug}`, () => {
      assert.notEqual(findingSeed(bug), undefined);
    }).timeout(120_000);
  }
});

describe('leases in a calm world', () => {
  it('are there all the time', () => {
    const world = new LeaseWorld({ seed: 1, isCalm: true, loss: 0 });
    world.runFor(worldMs);
    assert.ok(world.servedMs > 2.9 * worldMs, `served ${world.servedMs} ms`);
    assert.ok(world.validShare > 0.995, `valid ${world.validShare} of the time`);
  });

  it('are there nearly all the time when a tenth of the messages is lost', () => {
    const world = new LeaseWorld({ seed: 1, isCalm: true, loss: 0.1 });
    world.runFor(10 * worldMs);
    assert.ok(world.validShare > 0.97, `valid ${world.validShare} of the time`);
  });
});
