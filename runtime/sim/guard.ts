/**
 * Keeps the real world out while virtual time runs. Global sources of time, chance and callbacks throw with a sentence
 * that names what to use instead; and whatever starts a native asynchronous operation (a timer, a file or socket call, a
 * worker) is caught by async_hooks, because its completion would arrive at a moment that no seed decides.
 */
import { AsyncResource, createHook, executionAsyncId } from 'node:async_hooks';
import { InvariantError } from '../../base/invariant.js';

/** Taken before any world runs: the guard replaces the globals. */
export const hostSetImmediate = setImmediate;
const HostDate = Date;

/** Promises, `process.nextTick` and `queueMicrotask` run in an order that JavaScript defines. */
const allowedTypes = new Set(['PROMISE', 'TickObject', 'Microtask']);

/** Printing while debugging harms no order; nor does Node's own care for an exception that nobody caught. */
const harmlessOrigins = ['node:internal/console', 'process._fatalException'];

/** Which asynchronous contexts are simulated: of one world, kept from run to run, since its processes live on. */
export class Contexts {
  /** First and last id made while the world ran, of each run. Ids only grow. */
  readonly #runs: { readonly first: number; last: number }[] = [];
  /** Made while it ran, but by the host: a real socket of an earlier test that takes its time to close. */
  readonly #hostIds = new Set<number>();

  begin(first: number): void {
    this.#runs.push({ first, last: Infinity });
  }

  end(last: number): void {
    const run = this.#runs.at(-1);
    if (run !== undefined) run.last = last;
  }

  addHost(id: number): void {
    this.#hostIds.add(id);
  }

  isHost(id: number): boolean {
    return this.#hostIds.has(id) || !this.#isOfRun(id);
  }

  #isOfRun(id: number): boolean {
    const present = this.#runs.at(-1);
    if (present === undefined || id > present.first) return present !== undefined;
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#runs[middle]?.last ?? Infinity) < id) low = middle + 1;
      else high = middle;
    }
    return id > (this.#runs[low]?.first ?? Infinity);
  }
}

export class Guard {
  readonly #onViolation: (error: InvariantError) => void;
  #ownImmediate = false;
  readonly #restore: (() => void)[] = [];
  readonly #contexts: Contexts;
  readonly #hook = createHook({
    init: (asyncId, type) => {
      if (this.#ownImmediate && type === 'Immediate') {
        this.#ownImmediate = false;
        return;
      }
      if (this.#contexts.isHost(executionAsyncId())) this.#contexts.addHost(asyncId);
      else if (!allowedTypes.has(type)) this.#judge(type);
    },
  });

  constructor(contexts: Contexts, onViolation: (error: InvariantError) => void) {
    this.#contexts = contexts;
    this.#onViolation = onViolation;
  }

  install(): void {
    this.#contexts.begin(newContextId());
    const holders: [object, string, string][] = [
      [globalThis, 'setTimeout', 'runtime.clock.after'],
      [globalThis, 'setInterval', 'runtime.clock.after, set again each time'],
      [globalThis, 'setImmediate', 'runtime.clock.nextTurn'],
      [globalThis, 'fetch', 'runtime.network'],
      [Math, 'random', 'runtime.random'],
      [performance, 'now', 'runtime.clock.now'],
      [process, 'hrtime', 'runtime.clock.now'],
      [crypto, 'getRandomValues', 'runtime.random.bytes'],
      [crypto, 'randomUUID', 'runtime.random.uuid'],
      [AbortSignal, 'timeout', 'a deadline of runtime.clock'],
    ];
    for (const [holder, name, instead] of holders) {
      const refuse = (): never => {
        throw this.#violation(`${name}() ran inside the simulation; use ${instead}`);
      };
      // For `process.hrtime.bigint`.
      this.#replace(holder, name, Object.assign(refuse, { bigint: refuse }));
    }
    this.#replace(globalThis, 'Date', this.#guardedDate());
    this.#hook.enable();
  }

  uninstall(): void {
    this.#hook.disable();
    this.#contexts.end(newContextId());
    for (const restore of this.#restore.splice(0).reverse()) restore();
  }

  /** The one macrotask that virtual time itself uses. */
  immediate(callback: () => void): void {
    this.#ownImmediate = true;
    hostSetImmediate(callback);
  }

  #replace(holder: object, name: string, value: unknown): void {
    const own = Object.getOwnPropertyDescriptor(holder, name);
    this.#restore.push(() => {
      if (own === undefined) Reflect.deleteProperty(holder, name);
      else Object.defineProperty(holder, name, own);
    });
    Object.defineProperty(holder, name, { value, configurable: true, enumerable: own?.enumerable ?? false });
  }

  /** `new Date(milliseconds)` and the parsers are pure and stay; only asking for the present is refused. */
  #guardedDate(): DateConstructor {
    const refuse = (): never => {
      throw this.#violation('Date was asked for the present inside the simulation; use runtime.clock.wall');
    };
    const guarded: DateConstructor = new Proxy(HostDate, {
      apply: refuse,
      construct: (target, args: unknown[], newTarget) => {
        if (args.length === 0) refuse();
        return Reflect.construct(target, args, newTarget === guarded ? target : newTarget) as Date;
      },
      get: (target, name, receiver) => (name === 'now' ? refuse : (Reflect.get(target, name, receiver) as unknown)),
    });
    return guarded;
  }

  /** Also reported, not only thrown: code that catches everything must not get away with it. */
  #violation(message: string): InvariantError {
    const error = new InvariantError(message);
    this.#onViolation(error);
    return error;
  }

  /** An exception thrown in a hook ends the process at once, so the run loop is told instead. */
  #judge(type: string): void {
    const error = new InvariantError(
      `a native asynchronous resource of type ${type} was made inside the simulation; reach files, sockets, ` +
        'timers and workers through runtime only',
    );
    if (harmlessOrigins.some((origin) => error.stack?.includes(origin) === true)) return;
    this.#onViolation(error);
  }
}

function newContextId(): number {
  return new AsyncResource('SimulatedWorld').asyncId();
}
