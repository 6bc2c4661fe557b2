/**
 * Lets virtual time pass. Between two events one real macrotask drains all promises and ticks: the event's callback runs
 * in it, and Node empties both queues before the next `setImmediate`. Events that called nobody and settled nothing (a
 * packet on its way) leave nothing to drain, so the next event follows them in the same macrotask: provably the same.
 */
import { type Contexts, Guard, hostSetImmediate } from './guard.js';
import type { Scheduler } from './scheduler.js';

export interface RunOptions {
  /** Of the world that runs. */
  readonly contexts: Contexts;
  /** Asked before the first event and after each drain. */
  readonly isDone: () => boolean;
  /** Drains after every event, even those that leave nothing to drain: slower, and the same. */
  readonly drainsAlways: boolean;
  /** World time at which the run ends well. */
  readonly deadline: number;
  /** World time at which the run fails. */
  readonly timeLimit: number;
  readonly eventsMax: number;
  /** What to say when no event is left, or `undefined` when that is a good end. */
  readonly onIdle: () => Error | undefined;
  readonly onLimit: (sentence: string) => Error;
}

/**
 * Macrotasks that are asked for together. Node empties the queues of promises and ticks between any two of them as well, and
 * they share one round of its event loop, whose look at the kernel (`epoll`) costs more than a small event.
 */
const turnsAtOnce = 64;

/** The globals are shared, so worlds take turns. */
let running = false;

export async function runLoop(scheduler: Scheduler, options: RunOptions): Promise<void> {
  if (running) throw new Error('another simulated world is running; worlds take turns, since they replace globals');
  running = true;
  // Whoever called finishes its own turn first: a test runner sets its timers when the test has returned a promise.
  await new Promise<void>((resolve) => {
    hostSetImmediate(resolve);
  });
  const guard = new Guard(options.contexts, (error) => scheduler.fail(error));
  const restoreListeners = catchStrays(scheduler);
  guard.install();
  try {
    await new Promise<void>((resolve, reject) => {
      let left = 0;
      let isOver = false;
      const turnsAhead = (): void => {
        for (left = 0; left < turnsAtOnce; left++) guard.immediate(turn);
      };
      const turn = (): void => {
        left -= 1;
        if (isOver) return;
        try {
          if (!runTurn(scheduler, options)) {
            isOver = true;
            // A last drain brings out rejections that nobody handled.
            guard.immediate(resolve);
          } else if (left === 0) turnsAhead();
        } catch (error) {
          isOver = true;
          reject(error);
        }
      };
      turnsAhead();
    });
  } finally {
    guard.uninstall();
    restoreListeners();
    running = false;
  }
}

/** Runs events up to one that leaves something to drain. False when the run is over. */
function runTurn(scheduler: Scheduler, options: RunOptions): boolean {
  if (scheduler.failure !== undefined || options.isDone()) return false;
  for (;;) {
    const next = scheduler.nextTime;
    if (next === undefined || next > options.deadline) {
      if (Number.isFinite(options.deadline)) {
        scheduler.advance(options.deadline);
        return false;
      }
      const error = options.onIdle();
      if (error !== undefined) scheduler.fail(error);
      return false;
    }
    if (next > options.timeLimit) {
      scheduler.fail(options.onLimit(`virtual time passed the limit of ${options.timeLimit} ms`));
      return false;
    }
    if (scheduler.eventCount >= options.eventsMax) {
      scheduler.fail(options.onLimit(`the run took more than ${options.eventsMax} events`));
      return false;
    }
    scheduler.step();
    if (scheduler.failure !== undefined) return false;
    if (scheduler.takeNeedsDrain() || options.drainsAlways) return true;
  }
}

/**
 * Exceptions and rejections that nobody caught belong to whoever's event was being drained. Listeners of the host (the
 * test runner's) are put aside meanwhile and restored afterwards.
 */
function catchStrays(scheduler: Scheduler): () => void {
  const events = ['unhandledRejection', 'uncaughtException'] as const;
  type Listener = (...args: unknown[]) => void;
  const onStray: Listener = (error) => {
    try {
      scheduler.current.onException(error);
    } catch (failure) {
      scheduler.fail(failure);
    }
  };
  const host = process as unknown as NodeJS.EventEmitter;
  const aside = events.map((event) => ({ event, listeners: host.rawListeners(event) as Listener[] }));
  for (const { event } of aside) {
    host.removeAllListeners(event);
    host.on(event, onStray);
  }
  return () => {
    for (const { event, listeners } of aside) {
      host.removeAllListeners(event);
      for (const listener of listeners) host.on(event, listener);
    }
  };
}
