/**
 * Whole clusters with an async pool whose mode changes, for many seeds or one:
 *
 *     npm run sim:async -- --seeds 1000 [--first 1] [--faults process,network] [--hours 1]
 *     npm run sim:async -- --seed 81723
 */
import { runSeedCommand } from '../../seed-command.js';
import { simulateAsync } from './simulate-async.js';

await runSeedCommand(
  'sim:async',
  async (seed, isReplay, { hours, faults }) => {
    const news: string[] = [];
    const run = simulateAsync(seed, {
      hours: hours === undefined ? undefined : Number(hours),
      faults: faults === undefined ? undefined : faults.split(',').filter((name) => name !== ''),
      onNews: (line) => news.push(line),
    });
    const { traceHash, ...counts } = await run.finally(() => {
      if (isReplay) process.stdout.write(`${news.join('\n')}\n`);
    });
    if (isReplay) process.stdout.write(`trace ${traceHash}\n`);
    return counts;
  },
  { hours: { type: 'string' }, faults: { type: 'string' } },
);
