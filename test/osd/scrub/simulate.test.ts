import assert from 'node:assert/strict';
import { forEachSeed } from '../../sim/seeds.js';
import { simulate } from './simulate.js';

describe('osd/scrub: scrubs beside writes', () => {
  it('find what was spoilt and nothing else, and no read is ever wrong', async () => {
    const ran = await forEachSeed({ count: 50, boxMs: 4_000 }, async (seed) => {
      await simulate(seed);
    });
    assert.ok(ran > 0);
  });
});
