import { CairnError } from '../../base/errors.js';
import { monotonicMs, wallMs, type MonotonicMs, type WallMs } from '../../base/instants.js';
import { invariant } from '../../base/invariant.js';
import type { Clock, Timer } from '../clock.js';

/** What a signed 32-bit timer holds: 24.8 days. Node turns anything longer into 1 ms, so it is refused instead. */
const delayMsMax = 2 ** 31 - 1;

/** The clock of the machine. */
export class NodeClock implements Clock {
  now(): MonotonicMs {
    return monotonicMs(performance.now());
  }

  wall(): WallMs {
    return wallMs(Date.now());
  }

  after(delayMs: number, callback: () => void): Timer {
    return new TimeoutTimer(delayMs, callback);
  }

  nextTurn(callback: () => void): Timer {
    return new TurnTimer(callback);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal === undefined) {
        this.after(delayMs, resolve);
        return;
      }
      const cancelled = (): void => {
        reject(new CairnError('CANCELLED', 'the sleep was cancelled', { cause: signal.reason }));
      };
      if (signal.aborted) {
        cancelled();
        return;
      }
      const timer = this.after(delayMs, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = (): void => {
        timer.cancel();
        cancelled();
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  yieldTurn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

class TimeoutTimer implements Timer {
  readonly #timeout: NodeJS.Timeout;

  constructor(delayMs: number, callback: () => void) {
    invariant(delayMs >= 0 && delayMs <= delayMsMax, 'a delay is 0 to 2^31-1 ms', { delayMs });
    this.#timeout = setTimeout(callback, wholeMs(delayMs));
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}

class TurnTimer implements Timer {
  readonly #immediate: NodeJS.Immediate;

  constructor(callback: () => void) {
    this.#immediate = setImmediate(callback);
  }

  cancel(): void {
    clearImmediate(this.#immediate);
  }
}

/**
 * The delay to ask of Node so that it is never early. Node counts in whole milliseconds from the start of the current
 * one, so a timer of n ms fires after more than n - 1: one more makes it n. (Only the longest delay has no room for it.)
 */
function wholeMs(delayMs: number): number {
  return delayMs === 0 ? 0 : Math.min(Math.ceil(delayMs) + 1, delayMsMax);
}
