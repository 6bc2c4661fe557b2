/**
 * Power failures and kills at any I/O boundary of a store's life: while it opens, replays, writes, checkpoints, cleans. After
 * each, what was acknowledged is there, and what is there is a prefix of what was submitted.
 *
 *     SEED=17 npx mocha dist/test/osd/store/crash.test.js          replays one seed
 *     SEEDS=5000 npx mocha --timeout 0 dist/test/osd/store/crash.test.js
 */
import { forEachSeed } from '../../sim/seeds.js';
import { runCrashes } from './crash-run.js';

describe('osd/store: crashes', () => {
  it('lose nothing that was acknowledged, and leave nothing half done', async function () {
    this.timeout(180_000);
    await forEachSeed({ count: 170, boxMs: 40_000 }, async (seed) => {
      await runCrashes(seed);
    });
  });
});
