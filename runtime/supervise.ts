import type { Runtime } from './runtime.js';

/**
 * Takes charge of a promise that nobody awaits: if it fails, the daemon stops. A background loop that died unnoticed
 * would be worse than a daemon that is down.
 */
export function supervise(runtime: Pick<Runtime, 'log' | 'fatal'>, name: string, promise: Promise<unknown>): void {
  promise.catch((error: unknown) => {
    runtime.log.error({ task: name, err: error }, 'background task failed');
    runtime.fatal(error);
  });
}
