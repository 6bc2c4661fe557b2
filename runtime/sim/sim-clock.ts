/** A process's clock on virtual time. */
import { CairnError } from '../../base/errors.js';
import { monotonicMs, wallMs, type MonotonicMs, type WallMs } from '../../base/instants.js';
import { invariant } from '../../base/invariant.js';
import type { Clock, Timer } from '../clock.js';
import { tickMs, type MachineTime } from './machine-time.js';
import type { SimProcess } from './process.js';

const delayMsMax = 0x7fff_ffff;

/** Reads of the clock or turns of one process at one instant before each further one takes a tick of time. */
const freeStepsPerInstant = 1_000;

export class SimClock implements Clock {
  readonly #process: SimProcess;
  readonly #time: MachineTime;
  /** The latest instant handed out, which may be ahead of virtual time (see `now`). */
  #latest = 0;
  #instant = -1;
  #steps = 0;

  constructor(process: SimProcess, time: MachineTime) {
    this.#process = process;
    this.#time = time;
  }

  /**
   * Code takes no virtual time, so a loop that works "for at most 2 ms" would never end. After some thousand reads at
   * one instant each read therefore moves this process's clock on by a tick.
   */
  now(): MonotonicMs {
    const base = this.#time.monotonic(this.#process.scheduler.now);
    this.#latest = this.#isBusy() ? Math.max(base, this.#latest + tickMs) : Math.max(base, this.#latest);
    return monotonicMs(this.#latest);
  }

  wall(): WallMs {
    return wallMs(this.#time.wall(this.#process.scheduler.now));
  }

  after(delayMs: number, callback: () => void): Timer {
    invariant(delayMs >= 0 && delayMs <= delayMsMax, 'a delay is 0 to 2^31-1 ms', { delayMs });
    const base = this.#time.monotonic(this.#process.scheduler.now);
    const at = this.#time.worldTimeOf(Math.max(base, this.#latest) + delayMs);
    return this.#schedule(Math.max(at, this.#process.scheduler.now), 'timer', callback);
  }

  /** An event of the same instant, after those that are already due. A process that only spins takes time all the same. */
  nextTurn(callback: () => void): Timer {
    const { now } = this.#process.scheduler;
    return this.#schedule(this.#isBusy() ? now + tickMs : now, 'turn', callback);
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) throw cancelled();
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        timer.cancel();
        reject(cancelled());
      };
      const timer = this.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  async yieldTurn(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.nextTurn(resolve);
    });
  }

  #schedule(at: number, kind: string, callback: () => void): Timer {
    const { scheduler } = this.#process;
    const event = scheduler.at(at, this.#process, kind, () => {
      scheduler.touch();
      callback();
    });
    return { cancel: () => scheduler.cancel(event) };
  }

  #isBusy(): boolean {
    const { now } = this.#process.scheduler;
    // A process that spins is still spinning a tick later.
    if (now > this.#instant + tickMs) this.#steps = 0;
    this.#instant = now;
    this.#steps += 1;
    return this.#steps > freeStepsPerInstant;
  }
}

function cancelled(): CairnError {
  return new CairnError('CANCELLED', 'the wait was cancelled by its caller');
}
