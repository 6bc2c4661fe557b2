/** Runs a simulated test for many seeds. `SEED=n` replays one; `SEEDS=n` runs so many instead of what the time allows. */

export interface SeedsOptions {
  /** Default 1. */
  readonly first?: number;
  /** At most so many. Default 100. */
  readonly count?: number;
  /** Real time after which no further seed is begun, unless `SEEDS` or `SEED` is set. Default 2,000. */
  readonly boxMs?: number;
}

/** Milliseconds of the host, to measure how fast worlds run: a world replaces the global one meanwhile. */
export const hostNow = performance.now.bind(performance);

/** Returns how many seeds ran: at least one. */
export async function forEachSeed(options: SeedsOptions, run: (seed: number) => Promise<void>): Promise<number> {
  const { SEED, SEEDS } = process.env;
  if (SEED !== undefined) {
    await runSeed(wholeNumber('SEED', SEED), run);
    return 1;
  }
  const { first = 1, boxMs = 2_000 } = options;
  const count = SEEDS === undefined ? (options.count ?? 100) : wholeNumber('SEEDS', SEEDS);
  const end = SEEDS === undefined ? hostNow() + boxMs : Infinity;
  let done = 0;
  while (done < count && (done === 0 || hostNow() < end)) {
    await runSeed(first + done, run);
    done += 1;
  }
  return done;
}

async function runSeed(seed: number, run: (seed: number) => Promise<void>): Promise<void> {
  try {
    await run(seed);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // A world's own report says so already; an assertion made after the run does not.
    const hint = message.includes('npm run sim') ? '' : `\n  replay: SEED=${seed} npm run sim`;
    const failure = new Error(`seed ${seed}: ${message}${hint}`, { cause: error });
    if (error instanceof Error && error.stack !== undefined)
      failure.stack = `Error: ${failure.message}\n${error.stack}`;
    throw failure;
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${name}=${text} is no whole number; give one, such as ${name}=1`);
}
