import { CairnError, isCairnError } from '../base/errors.js';
import type { Runtime } from './runtime.js';

/**
 * Takes charge of a promise that nobody awaits: when it rejects, the daemon stops through `fatal`. `name` says in the log
 * what failed: `the heartbeat loop`. A task that may end with its owner catches its own `CLOSED` or `CANCELLED` first:
 * here every rejection counts, since a loop that silently ended is a daemon that only looks alive.
 */
export function supervise(runtime: Pick<Runtime, 'fatal'>, name: string, promise: Promise<unknown>): void {
  promise.then(undefined, (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    const code = isCairnError(error) ? error.code : 'INTERNAL';
    runtime.fatal(new CairnError(code, `${name} failed: ${reason}`, { cause: error }));
  });
}
