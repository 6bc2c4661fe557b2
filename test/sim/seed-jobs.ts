/**
 * Seeds, one after the other or shared out among processes: a world takes one core, and the globals of its process. A job is the
 * same script again, told so by its environment; it is sent a seed only when it has told of the last one, so that nothing
 * of the host reaches it while a world runs.
 */
import { fork, type ChildProcess } from 'node:child_process';

export type Counts = Readonly<Record<string, number>>;

export interface SeedResult {
  readonly seed: number;
  readonly counts?: Counts;
  /** What it failed with, with its stack. */
  readonly failure?: string;
}

type RunSeed = (seed: number) => Promise<Counts>;

/** Set for a process that is a job. */
const jobVariable = 'CAIRN_SIM_JOB';

/** Worlds make much that dies young; a larger nursery halves what collecting it costs. */
const jobFlags = ['--max-semi-space-size=64'];

export const isJob = process.env[jobVariable] !== undefined;

/** Of the event loop's process: more and more listeners of one signal are a leak, which no checker of a world sees. */
const leaks: Error[] = [];
process.on('warning', (warning) => {
  if (warning.name === 'MaxListenersExceededWarning') leaks.push(warning);
});

export async function runOne(seed: number, run: RunSeed): Promise<SeedResult> {
  try {
    const counts = await run(seed);
    const [leak] = leaks.splice(0);
    if (leak !== undefined) throw leak;
    return { seed, counts };
  } catch (error) {
    return { seed, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** The whole life of a job: it ends when its parent does, or lets it go. */
export function serveSeeds(run: RunSeed): void {
  process.on('message', (seed: number) => {
    void runOne(seed, run).then((result) => process.send?.(result));
  });
}

/**
 * Runs seeds in `jobs` processes, in ascending order of their beginnings. Resolves when all are done, or once `onResult` has
 * returned false: then whatever still runs is given up. Rejects when a job dies without a word.
 */
export async function shareOut(
  { first, count }: { readonly first: number; readonly count: number },
  jobs: number,
  onResult: (result: SeedResult) => boolean,
): Promise<void> {
  let next = first;
  const children = Array.from({ length: Math.min(jobs, count) }, startJob);
  const stop = (): void => {
    for (const child of children) child.kill();
  };
  const serve = (child: ChildProcess): Promise<void> =>
    new Promise((resolve, reject) => {
      let seed: number | undefined;
      const sendNext = (): void => {
        seed = next < first + count ? next++ : undefined;
        if (seed === undefined) child.disconnect();
        else child.send(seed);
      };
      child.on('message', (result: SeedResult) => {
        if (onResult(result)) sendNext();
        else stop();
      });
      child.once('exit', (code) => {
        if (code === null || code === 0 || seed === undefined) resolve();
        else reject(new Error(`the process of seed ${seed} ended with ${code}`));
      });
      sendNext();
    });
  await Promise.all(children.map(serve)).finally(stop);
}

function startJob(): ChildProcess {
  const [, script = '', ...words] = process.argv;
  const env = { ...process.env, [jobVariable]: '1' };
  return fork(script, words, { execArgv: [...process.execArgv, ...jobFlags], env });
}
