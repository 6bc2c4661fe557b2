/** A simulated process: code under test with a runtime of its own. Killed, it is gone between two events. */
import { describeError } from './describe-error.js';
import type { LogLevel, LogRecord } from './sim-logger.js';
import { Owner } from './owner.js';
import type { Scheduler } from './scheduler.js';
import type { Runtime } from '../runtime.js';
import type { LogFields } from '../log.js';
import { tickMs, type MachineTime } from './machine-time.js';

/** What the kernel holds for a process and takes back when it dies: sockets, files, locks. */
export interface Resource {
  /** The process is gone (`kill -9`): nothing of it may be called any more. */
  onProcessDeath(): void;
  /** One line for the report of a deadlock, or `undefined` when nothing waits. */
  describeWaiting?(): string | undefined;
}

export interface ProcessOptions {
  /** Whether the process may fail (`fatal`, an unhandled rejection) without failing the run. Default false. */
  readonly mayFail?: boolean;
  /**
   * What completes within so many ms wakes the process at once, in one turn of its event loop: a busy process gathers
   * work. A power of two; default 1/1024 to 1/4, by the seed.
   */
  readonly turnMs?: number;
}

/** Older records are dropped. */
const logRecordsMax = 10_000;

export class SimProcess extends Owner {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly resources = new Set<Resource>();
  /** Oldest first. */
  readonly logs: LogRecord[] = [];
  /** Settles as `main` does, with the error that the process failed with, or never when it is killed first. */
  readonly finished: Promise<void>;
  onEnd: (() => void) | undefined;
  /** Called when an operation of a disk or of a key-value store has begun, and when it is done but nobody knows yet. */
  onIoBoundary: (() => void) | undefined;
  readonly #mayFail: boolean;
  readonly #turnMs: number;
  #failure: { readonly error: unknown } | undefined;
  #runtime: Runtime | undefined;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  constructor(label: string, name: string, scheduler: Scheduler, time: MachineTime, options: ProcessOptions) {
    super(label, time);
    this.name = name;
    this.scheduler = scheduler;
    this.#mayFail = options.mayFail ?? false;
    this.#turnMs = options.turnMs ?? tickMs;
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Nobody has to await it: a failure also reaches the world.
    this.finished.catch(() => {});
  }

  /** For tests that call into a process from outside. */
  get runtime(): Runtime {
    if (this.#runtime === undefined) throw new Error(`${this.label} has not started yet`);
    return this.#runtime;
  }

  get failure(): unknown {
    return this.#failure?.error;
  }

  /** Runs `main` in an event of its own. */
  start(runtime: Runtime, main: (runtime: Runtime) => Promise<void>): void {
    this.#runtime = runtime;
    this.scheduler.after(0, this, 'process.start', () => {
      this.scheduler.touch();
      main(runtime).then(
        () => this.#resolve(),
        (error: unknown) => this.fatal(error),
      );
    });
  }

  /**
   * What every simulated system call does: after `delayMs` runs `finish` and settles with what it returns or throws. The
   * promise never settles when the process dies first, or is dead already.
   */
  operation<T>(kind: string, delayMs: number, finish: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.isAlive) return;
      this.wake(kind, delayMs, () => {
        try {
          const result = finish();
          if (this.isAlive) resolve(result);
        } catch (error) {
          if (this.isAlive) reject(error);
        }
      });
    });
  }

  /** `operation` of a disk or of a key-value store. */
  io<T>(kind: string, delayMs: number, finish: () => T): Promise<T> {
    const settled = this.operation(kind, delayMs, () => {
      try {
        return finish();
      } finally {
        this.onIoBoundary?.();
      }
    });
    if (this.isAlive) this.onIoBoundary?.();
    return settled;
  }

  /** Calls code of the process after `delayMs`, in the turn of its event loop that this falls into. */
  wake(kind: string, delayMs: number, run: () => void): void {
    const at = Math.ceil((this.scheduler.now + delayMs) / this.#turnMs) * this.#turnMs;
    this.scheduler.at(at, this, kind, () => {
      this.scheduler.touch();
      run();
    });
  }

  /** `kill -9`: no callback runs and no promise settles any more; the kernel closes what the process had open. */
  kill(): void {
    if (!this.isAlive) return;
    this.scheduler.note('process.kill', this.label);
    this.vanish();
    for (const resource of this.resources) resource.onProcessDeath();
    this.resources.clear();
  }

  /**
   * SIGSTOP, or a pause that looks like one (a long garbage collection, a stalled virtual CPU): no code of it runs, while
   * the kernel goes on (acknowledges, buffers, completes writes) and so do the clocks. What came due meanwhile happens at
   * `proceed`, in order: timers all at once, leases long over.
   */
  pause(): void {
    this.scheduler.note('process.pause', this.label);
    this.isStopped = true;
  }

  proceed(): void {
    if (!this.isStopped) return;
    this.scheduler.note('process.proceed', this.label);
    this.isStopped = false;
    this.scheduler.letGoOn(this);
  }

  /** The machine lost its power: the kernel has no time to close anything. */
  vanish(): void {
    this.end();
    this.onEnd?.();
  }

  fatal(error: unknown): void {
    if (!this.isAlive) return;
    this.log('error', { err: error }, 'the process stops');
    this.scheduler.note('process.fatal', this.label, 0, 0, describeError(error));
    this.#failure = { error };
    this.kill();
    this.scheduler.touch();
    this.#reject(error);
    if (!this.#mayFail) this.scheduler.fail(error);
  }

  override onException(error: unknown): void {
    this.fatal(error);
  }

  log(level: LogLevel, fields: LogFields, sentence: string): void {
    if (!this.isAlive) return;
    const { now } = this.scheduler;
    this.logs.push({ time: now, level, fields, sentence });
    if (this.logs.length > logRecordsMax * 2) this.logs.splice(0, logRecordsMax);
    this.scheduler.note(`log.${level}`, this.label, sentence.length, 0, sentence);
  }
}
