/**
 * Whole clusters under all faults, for many seeds or one:
 *
 *     npm run sim -- --seeds 1000 [--first 1] [--faults crash,network,image] [--hours 1] [--splits yes]
 *     npm run sim -- --seed 81723
 */
import { runSeedCommand } from '../seed-command.js';
import { simulate } from './simulate.js';

await runSeedCommand(
  'sim',
  async (seed, isReplay, { hours, faults, splits }) => {
    // Told afterwards: nothing of the host is touched while a world runs.
    const news: string[] = [];
    const run = simulate(seed, {
      hours: hours === undefined ? undefined : Number(hours),
      faults: faults === undefined ? undefined : faults.split(',').filter((name) => name !== ''),
      splits: splits === 'yes',
      onNews: (line) => news.push(line),
    });
    const outcome = await run.finally(() => {
      if (isReplay) process.stdout.write(`${news.join('\n')}\n`);
    });
    if (isReplay) process.stdout.write(`trace ${outcome.traceHash}\n`);
    const { traceHash: _hash, epochs: _epochs, withoutEffect: _without, ...counts } = outcome;
    return counts;
  },
  { hours: { type: 'string' }, faults: { type: 'string' }, splits: { type: 'string' } },
);
