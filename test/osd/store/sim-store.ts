/**
 * Crashes a store for many seeds, or one:
 *
 *     npm run sim:store -- --seeds 20000 [--first 1]
 *     npm run sim:store -- --seed 81723
 */
import { parseArgs } from 'node:util';
import { hostNow } from '../../sim/seeds.js';
import { runCrashes } from './crash-run.js';

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, seed: { type: 'string' }, first: { type: 'string' } },
});

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} takes a whole number, not ${text}`);
}

const first = wholeNumber('first', values.seed ?? values.first ?? '1');
const count = values.seed === undefined ? wholeNumber('seeds', values.seeds ?? '1000') : 1;
const began = hostNow();
const sums = { crashes: 0, acknowledged: 0, applied: 0, cleaned: 0, moved: 0, checkpoints: 0, replayed: 0 };
let told = began;

for (let seed = first; seed < first + count; seed++) {
  try {
    const outcome = await runCrashes(seed);
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += outcome[name];
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const nth = seed - first + 1;
    process.stderr.write(
      `${text}\nseed ${seed} failed, number ${nth} of this run; replay: npm run sim:store -- --seed ${seed}\n`,
    );
    process.exit(1);
  }
  const now = hostNow();
  if (now - told < 5_000 && seed + 1 < first + count) continue;
  told = now;
  const done = seed - first + 1;
  const rate = (done / (now - began)) * 1_000;
  const text = Object.entries(sums).map(([name, sum]) => `${sum} ${name}`);
  process.stdout.write(`${done} of ${count} seeds, ${rate.toFixed(1)}/s: ${text.join(', ')}\n`);
}
