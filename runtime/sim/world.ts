/**
 * A simulated world: machines on a network, under virtual time, from one seed. See README.md and docs/TESTING.md.
 *
 *     const world = new World({ seed: 81723 });
 *     const a = world.machine('a');
 *     await world.main(async () => {
 *       const daemon = a.start('osd.0', (runtime) => runOsd(runtime));
 *       await world.sleep(1_000);
 *       a.crash();
 *     });
 */
import { describeError } from './describe-error.js';
import { Fabric, type NetworkOptions } from './fabric.js';
import { Contexts } from './guard.js';
import { Machine, type MachineOptions } from './machine.js';
import { Prng } from './prng.js';
import { Rarities } from './rarities.js';
import { runLoop, type RunOptions } from './run-loop.js';
import { Scheduler } from './scheduler.js';
import { Trace } from './trace.js';

export interface WorldOptions {
  readonly seed: number | string;
  readonly network?: NetworkOptions;
  /** Events kept as text for the report of a failure. Default 60. */
  readonly traceLines?: number;
  /** A run that takes more is a runaway. Default 50 million. */
  readonly eventsMax?: number;
  /** Virtual time after which the world counts as runaway. Default a day. */
  readonly timeLimitMs?: number;
  /** Spends a macrotask on every event, to prove that skipping idle ones changes nothing. Default false. */
  readonly drainsAlways?: boolean;
  /** What never happens (`Runtime.rare`), of tests that count what is done. Default: nothing. */
  readonly never?: readonly string[];
  /** The command that runs this seed again, for the report of a failure. */
  readonly replay?: string;
}

export interface RunUntil {
  /** Asked after each event that ran code. */
  readonly until: () => boolean;
  /** Fails when the condition does not hold after so much virtual time. */
  readonly withinMs?: number;
}

/** What a run failed with, where it was, what happened last, and how to see it again. `cause` is the original error. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
}

const dayMs = 24 * 3_600_000;

export class World {
  readonly seed: string;
  readonly network: Fabric;
  readonly #machines = new Map<string, Machine>();
  readonly #scheduler: Scheduler;
  readonly #trace: Trace;
  readonly #rarities: Rarities;
  readonly #eventsMax: number;
  readonly #timeLimitMs: number;
  readonly #replay: string;
  readonly #drainsAlways: boolean;
  readonly #contexts = new Contexts();

  constructor(options: WorldOptions) {
    this.seed = String(options.seed);
    this.#trace = new Trace(options.traceLines ?? 60);
    this.#scheduler = new Scheduler(this.#trace);
    this.network = new Fabric(this.#scheduler, this.seed, options.network ?? {});
    this.#rarities = new Rarities(this.seed, options.never);
    this.#eventsMax = options.eventsMax ?? 50_000_000;
    this.#timeLimitMs = options.timeLimitMs ?? dayMs;
    this.#drainsAlways = options.drainsAlways ?? false;
    this.#replay = options.replay ?? `SEED=${this.seed} npm run sim`;
  }

  /** Virtual ms since the beginning. */
  get now(): number {
    return this.#scheduler.now;
  }

  get eventCount(): number {
    return this.#scheduler.eventCount;
  }

  /** 16 hex digits over all that happened so far. */
  get traceHash(): string {
    return this.#trace.hash;
  }

  get machines(): readonly Machine[] {
    return [...this.#machines.values()];
  }

  /** The machine of that name; made when first asked for, and only then with these options. */
  machine(name: string, options: MachineOptions = {}): Machine {
    let machine = this.#machines.get(name);
    if (machine === undefined) {
      const parts = {
        name,
        seed: this.seed,
        scheduler: this.#scheduler,
        fabric: this.network,
        rarities: this.#rarities,
      };
      machine = new Machine(parts, options);
      this.#machines.set(name, machine);
    }
    return machine;
  }

  /** Random numbers of their own for a part of a test. */
  stream(name: string): Prng {
    return new Prng(`${this.seed}/test/${name}`);
  }

  /** Adds to the trace. */
  note(kind: string, who: string, a = 0, b = 0): void {
    this.#scheduler.note(kind, who, a, b);
  }

  /** Runs a test's body under virtual time, and the world with it, until the body settles. */
  async main<T>(body: () => Promise<T>): Promise<T> {
    let outcome: { value: T } | { error: unknown } | undefined;
    this.#scheduler.after(0, this.#scheduler.world, 'main', () => {
      this.#scheduler.touch();
      body().then(
        (value) => {
          outcome = { value };
        },
        (error: unknown) => {
          outcome = { error };
        },
      );
    });
    await this.#run({
      isDone: () => outcome !== undefined,
      deadline: Infinity,
      onIdle: () => this.#deadlock('the body waits'),
    });
    if (outcome === undefined) throw this.#report(new Error('the body has not settled'));
    if ('error' in outcome) throw this.#report(outcome.error);
    return outcome.value;
  }

  /** Runs until the condition holds. */
  async run(options: RunUntil): Promise<void> {
    const deadline = options.withinMs === undefined ? Infinity : this.now + options.withinMs;
    await this.#run({ isDone: options.until, deadline, onIdle: () => this.#deadlock('the condition does not hold') });
    if (!options.until()) throw this.#report(new Error(`the condition does not hold after ${options.withinMs} ms`));
  }

  /** Runs for so long, whatever happens. */
  async runFor(ms: number): Promise<void> {
    await this.#run({ isDone: () => false, deadline: this.now + ms, onIdle: () => undefined });
  }

  /** For a test's body: world time, unmoved by any machine's clock. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#scheduler.after(ms, this.#scheduler.world, 'sleep', () => {
        this.#scheduler.touch();
        resolve();
      });
    });
  }

  async #run(options: Pick<RunOptions, 'isDone' | 'deadline' | 'onIdle'>): Promise<void> {
    try {
      await runLoop(this.#scheduler, {
        ...options,
        contexts: this.#contexts,
        drainsAlways: this.#drainsAlways,
        timeLimit: this.#timeLimitMs,
        eventsMax: this.#eventsMax,
        onLimit: (sentence) => new Error(`${sentence}; ${this.#waiting()}`),
      });
    } catch (error) {
      this.#scheduler.fail(error);
    }
    if (this.#scheduler.failure !== undefined) throw this.#report(this.#scheduler.failure.error);
  }

  #deadlock(what: string): Error {
    return new Error(`deadlock: ${what}, but no event is left; ${this.#waiting()}`);
  }

  /** What each process holds that may make it wait. */
  #waiting(): string {
    const lines: string[] = [];
    for (const machine of this.#machines.values()) {
      const state = !machine.isUp ? ' (down)' : machine.isSuspended ? ' (suspended)' : '';
      if (state !== '') lines.push(`${machine.name}${state}`);
      for (const process of machine.processes) {
        lines.push(process.isStopped ? `${process.label} (paused)` : process.label);
        for (const resource of process.resources) {
          const line = resource.describeWaiting?.();
          if (line !== undefined) lines.push(`  ${line}`);
        }
      }
    }
    return lines.length === 0 ? 'no process is alive' : `alive are:\n    ${lines.join('\n    ')}`;
  }

  #report(error: unknown): SimulationError {
    if (error instanceof SimulationError) return error;
    const where = `seed ${this.seed}, ${this.now.toFixed(3)} ms, ${this.eventCount} events, trace ${this.traceHash}`;
    const tail = this.#trace.tail();
    const history = tail.length === 0 ? '' : `\n  last events:\n    ${tail.join('\n    ')}`;
    const text = `${describeError(error)}\n  ${where}\n  replay: ${this.#replay}${history}`;
    const report = new SimulationError(text, { cause: error });
    if (error instanceof Error && error.stack !== undefined) report.stack = `SimulationError: ${text}\n${error.stack}`;
    return report;
  }
}
