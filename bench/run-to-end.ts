/** A benchmark that leaves nothing behind, whether it is done, fails, or is asked to stop. */
import { type StopSignal, untilSignal } from '../runtime/node/until-signal.js';

/** Has `putAway` called when the benchmark ends; what was made last is put away first. */
export type AtEnd = (putAway: () => Promise<void> | void) => void;

export interface RunOptions {
  /** Resolves when the benchmark is to stop. */
  readonly asked?: Promise<StopSignal>;
  readonly say?: (line: string) => void;
}

/** Somebody asked for it, and has been told. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';

  constructor(signal: StopSignal) {
    super(`the benchmark was stopped by ${signal}`);
  }
}

/**
 * Rejects as `body` does, and with `StoppedError` after SIGINT or SIGTERM, in each case when all is put away; `body` is not waited for then, and fails
 * by itself once its daemons are gone. A second signal ends the process at once.
 */
export async function runToEnd<T>(
  body: (atEnd: AtEnd) => Promise<T>,
  { asked = untilSignal(), say = sayOnStderr }: RunOptions = {},
): Promise<T> {
  const putAways: (() => Promise<void> | void)[] = [];
  const stopped = asked.then((signal): never => {
    say(`${signal}: stopping what was started`);
    throw new StoppedError(signal);
  });
  try {
    return await Promise.race([body((putAway) => putAways.push(putAway)), stopped]);
  } finally {
    for (const putAway of putAways.toReversed()) {
      try {
        await putAway();
      } catch (error) {
        // What is left is put away all the same.
        say(String(error));
      }
    }
  }
}

function sayOnStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
