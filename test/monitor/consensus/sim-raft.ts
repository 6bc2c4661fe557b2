/**
 * Runs the simulation of consensus for many seeds, or one:
 *
 *     npm run sim:raft -- --seeds 20000 [--first 1]
 *     npm run sim:raft -- --seed 81723
 */
import { runSeedCommand } from '../../sim/seed-command.js';
import { simulate } from './simulate.js';

await runSeedCommand('sim:raft', async (seed, isReplay) => {
  const outcome = await simulate(seed);
  if (isReplay) process.stdout.write(`seed ${seed} has the trace ${outcome.traceHash}\n`);
  const { acknowledged, reads, last: entries, terms, outlived, begunAnew, events } = outcome;
  return { acknowledged, reads, entries, terms, outlived, 'begun anew': begunAnew, events };
});
