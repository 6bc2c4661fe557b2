/**
 * Runs the simulation of consensus for many seeds, or one:
 *
 *     npm run sim:raft -- --seeds 20000 [--first 1]
 *     npm run sim:raft -- --seed 81723
 */
import { parseArgs } from 'node:util';
import { hostNow } from '../../sim/seeds.js';
import { simulate } from './simulate.js';

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
const sums = { acknowledged: 0, reads: 0, entries: 0, terms: 0, outlived: 0, 'begun anew': 0, events: 0 };
let told = began;

for (let seed = first; seed < first + count; seed++) {
  try {
    const outcome = await simulate(seed);
    if (values.seed !== undefined) process.stdout.write(`seed ${seed} has the trace ${outcome.traceHash}\n`);
    sums.acknowledged += outcome.acknowledged;
    sums.reads += outcome.reads;
    sums.entries += outcome.last;
    sums.terms += outcome.terms;
    sums.outlived += outcome.outlived;
    sums['begun anew'] += outcome.begunAnew;
    sums.events += outcome.events;
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(
      `${text}\nseed ${seed} failed, the ${seed - first + 1}. of this run; replay: npm run sim:raft -- --seed ${seed}\n`,
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
