/** The command line of a simulation that runs for many seeds, or for one: `--seeds n [--first n]`, `--seed n`. */
import { parseArgs } from 'node:util';
import { hostNow } from './seeds.js';

const progressMs = 5_000;

type MoreOptions = Readonly<Record<string, { readonly type: 'string' }>>;

/**
 * Runs what `process.argv` asks for, tells the sums of the counts as it goes, and ends the process with 1 at the first failure.
 *
 * @param script the npm script, for the line that says how to replay
 * @param run returns its counts; `isReplay` when it is the only seed; `values` has what was given for `more`
 */
export async function runSeedCommand<Counts extends Readonly<Record<string, number>>, More extends MoreOptions>(
  script: string,
  run: (
    seed: number,
    isReplay: boolean,
    values: { readonly [Name in keyof More]: string | undefined },
  ) => Promise<Counts>,
  more?: More,
): Promise<void> {
  const { values } = parseArgs({
    options: { seeds: { type: 'string' }, seed: { type: 'string' }, first: { type: 'string' }, ...more },
  });
  const given = new Map(
    Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  const isReplay = given.has('seed');
  const first = wholeNumber('first', given.get('seed') ?? given.get('first') ?? '1');
  const count = isReplay ? 1 : wholeNumber('seeds', given.get('seeds') ?? '1000');
  const names = Object.keys(more ?? {}) as (keyof More & string)[];
  const moreValues = Object.fromEntries(names.map((name) => [name, given.get(name)])) as {
    readonly [Name in keyof More]: string | undefined;
  };
  const moreWords = names.flatMap((name) => (given.has(name) ? [`--${name} ${given.get(name)}`] : []));
  const began = hostNow();
  const sums = new Map<string, number>();
  let told = began;
  for (let seed = first; seed < first + count; seed++) {
    const done = seed - first + 1;
    try {
      const counts = await run(seed, isReplay, moreValues);
      for (const [name, n] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + n);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const replay = [`npm run ${script} -- --seed ${seed}`, ...moreWords].join(' ');
      process.stderr.write(`${text}\nseed ${seed} failed, number ${done} of this run; replay: ${replay}\n`);
      process.exit(1);
    }
    const now = hostNow();
    if (now - told < progressMs && done < count) continue;
    told = now;
    const rate = (done / (now - began)) * 1_000;
    const text = Array.from(sums, ([name, sum]) => `${sum} ${name}`).join(', ');
    process.stdout.write(`${done} of ${count} seeds, ${rate.toFixed(1)}/s: ${text}\n`);
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} takes a whole number, not ${text}`);
}
