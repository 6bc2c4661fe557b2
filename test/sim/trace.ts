/**
 * Prints the trace hash of the workload over everything that is simulated, once for each seed named:
 *
 *     npm run sim:trace -- 11 11 12
 */
import { runWorkload } from '../runtime/sim/workload.js';

const seeds = process.argv.slice(2);
for (const text of seeds.length === 0 ? ['1', '1', '2'] : seeds) {
  const seed = Number(text);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`${text} is no seed; give whole numbers`);
  process.stdout.write(`seed ${seed}  trace ${await runWorkload(seed)}\n`);
}
