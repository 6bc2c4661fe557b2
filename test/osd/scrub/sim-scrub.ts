/** Scrubs beside writes, for many seeds: `node dist/test/osd/scrub/sim-scrub.js --seeds 200`, or `--seed 7`. */
import { runSeedCommand } from '../../sim/seed-command.js';
import { simulate } from './simulate.js';

await runSeedCommand('sim:scrub', (seed) => simulate(seed));
