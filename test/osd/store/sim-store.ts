/**
 * Crashes a store for many seeds, or one:
 *
 *     npm run sim:store -- --seeds 20000 [--first 1]
 *     npm run sim:store -- --seed 81723
 */
import { runSeedCommand } from '../../sim/seed-command.js';
import { runCrashes } from './crash-run.js';

await runSeedCommand('sim:store', async (seed) => {
  return { ...(await runCrashes(seed)) };
});
