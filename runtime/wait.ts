import { CairnError } from '../base/errors.js';
import type { Clock, Timer, WaitOptions } from './clock.js';

/** Longer deadlines than a timer holds (24.8 days) are not watched. */
const delayMsMax = 2 ** 31 - 1;

export interface Race<T> {
  win(value: T): void;
  fail(error: CairnError): void;
}

/**
 * Runs `begin` against the deadline and the signal of `options`. The first outcome counts; when it is the deadline or
 * the signal, the function that `begin` returned is called to drop what was under way. `doing` names the deed in errors.
 */
export function raceWithWait<T>(
  clock: Clock,
  options: WaitOptions,
  doing: string,
  begin: (race: Race<T>) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const { signal, deadline } = options;
    if (signal?.aborted === true) {
      reject(cancelled(doing, signal));
      return;
    }
    const leftMs = deadline === undefined ? undefined : deadline - clock.now();
    if (leftMs !== undefined && leftMs <= 0) {
      reject(late(doing));
      return;
    }

    let over = false;
    let timer: Timer | undefined;
    const finish = (): boolean => {
      if (over) return false;
      over = true;
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
      return true;
    };
    const lose = (error: CairnError): void => {
      if (!finish()) return;
      drop();
      reject(error);
    };
    const onAbort = (): void => {
      if (signal !== undefined) lose(cancelled(doing, signal));
    };
    const drop = begin({
      win: (value) => {
        if (finish()) resolve(value);
      },
      fail: (error) => {
        if (finish()) reject(error);
      },
    });
    if (over) return;
    signal?.addEventListener('abort', onAbort, { once: true });
    if (leftMs !== undefined && leftMs <= delayMsMax) {
      timer = clock.after(leftMs, () => {
        lose(late(doing));
      });
    }
  });
}

function cancelled(doing: string, signal: AbortSignal): CairnError {
  return new CairnError('CANCELLED', `${doing}: cancelled by the caller`, { cause: signal.reason });
}

function late(doing: string): CairnError {
  return new CairnError('DEADLINE_EXCEEDED', `${doing}: the deadline passed first; retry, or allow more time`);
}
