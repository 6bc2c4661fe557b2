/**
 * The command line of a simulation that runs for many seeds, or for one:
 *
 *     --seeds n [--first n] [--jobs n, default one per core] [--failures n: how many end the run, default 10]
 *     --seed n
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isJob, runOne, type SeedResult, serveSeeds, shareOut } from './seed-jobs.js';
import { hostNow } from './seeds.js';

const progressMs = 5_000;
const text = { type: 'string' } as const;

type MoreOptions = Readonly<Record<string, { readonly type: 'string' }>>;

/**
 * Runs what `process.argv` asks for, tells the sums of the counts as it goes, and each failure with the line that replays it; ends the
 * process with 1 if there was any.
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
    options: { seeds: text, seed: text, first: text, jobs: text, failures: text, ...more },
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
  const runSeed = (seed: number): Promise<Counts> => run(seed, isReplay, moreValues);
  if (isJob) {
    serveSeeds(runSeed);
    return;
  }
  const jobs = wholeNumber('jobs', given.get('jobs') ?? String(availableParallelism()));
  const failuresMax = wholeNumber('failures', given.get('failures') ?? '10');
  const replay = (seed: number): string => [`npm run ${script} -- --seed ${seed}`, ...moreWords].join(' ');
  const tally = new Tally(count, failuresMax, replay);
  if (count > 1 && jobs > 1) await shareOut({ first, count }, jobs, (result) => tally.note(result));
  else for (let seed = first; seed < first + count; seed++) if (!tally.note(await runOne(seed, runSeed))) break;
  if (tally.failed.length > 0) process.exit(1);
}

/** Adds up what seeds came to, and tells it. */
class Tally {
  readonly failed: number[] = [];
  readonly #count: number;
  readonly #failuresMax: number;
  readonly #replay: (seed: number) => string;
  readonly #began = hostNow();
  readonly #sums = new Map<string, number>();
  #told = this.#began;
  #done = 0;

  constructor(count: number, failuresMax: number, replay: (seed: number) => string) {
    this.#count = count;
    this.#failuresMax = failuresMax;
    this.#replay = replay;
  }

  /** False when enough have failed. */
  note({ seed, counts, failure }: SeedResult): boolean {
    this.#done += 1;
    if (failure !== undefined) {
      this.failed.push(seed);
      process.stderr.write(
        `${failure}\nseed ${seed} failed, number ${this.#done} of this run; replay: ${this.#replay(seed)}\n`,
      );
    }
    for (const [name, n] of Object.entries(counts ?? {})) this.#sums.set(name, (this.#sums.get(name) ?? 0) + n);
    const now = hostNow();
    const isLast = this.#done === this.#count || this.failed.length >= this.#failuresMax;
    if (now - this.#told >= progressMs || isLast) {
      this.#told = now;
      const rate = (this.#done / (now - this.#began)) * 1_000;
      const failures = this.failed.length === 0 ? '' : ` ${this.failed.length} FAILED (${this.failed.join(', ')})`;
      const sums = Array.from(this.#sums, ([name, sum]) => `${sum} ${name}`).join(', ');
      process.stdout.write(`${this.#done} of ${this.#count} seeds, ${rate.toFixed(1)}/s:${failures} ${sums}\n`);
    }
    return !isLast;
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} takes a whole number, not ${text}`);
}
