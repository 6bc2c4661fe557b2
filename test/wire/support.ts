/** What the tests of `wire/` share: runtimes, a listener with a dialer, and waiting for conditions. */
import { NodeClock } from '../../runtime/node/clock.js';
import { NodeNetwork } from '../../runtime/node/network.js';
import { SimMemory } from '../../runtime/sim/sim-memory.js';
import { NodeRandom } from '../../runtime/node/random.js';
import type { Clock } from '../../runtime/clock.js';
import type { LogFields, Logger } from '../../runtime/log.js';
import type { Network } from '../../runtime/network.js';
import { Dialer, type DialerCollaborators, type DialerOptions } from '../../wire/dialer.js';
import type { Keyring } from '../../wire/identity.js';
import { WireListener, type WireListenerCollaborators, type WireListenerOptions } from '../../wire/listener.js';
import type { HandlerTable } from '../../wire/handlers.js';
import type { WireRuntime } from '../../wire/peer-connection.js';

export interface LogRecord {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly sentence: string;
}

export class LogKeeper implements Logger {
  readonly records: LogRecord[] = [];

  debug(fields: LogFields, sentence: string): void {
    this.records.push({ level: 'debug', fields, sentence });
  }

  info(fields: LogFields, sentence: string): void {
    this.records.push({ level: 'info', fields, sentence });
  }

  warn(fields: LogFields, sentence: string): void {
    this.records.push({ level: 'warn', fields, sentence });
  }

  error(fields: LogFields, sentence: string): void {
    this.records.push({ level: 'error', fields, sentence });
  }

  child(): Logger {
    return this;
  }

  sentences(): string[] {
    return this.records.map((record) => record.sentence);
  }
}

export interface TestRuntime extends WireRuntime {
  readonly log: LogKeeper;
}

export function nodeRuntime(parts: { clock?: Clock; network?: Network } = {}): TestRuntime {
  const log = new LogKeeper();
  const clock = parts.clock ?? new NodeClock();
  const network = parts.network ?? new NodeNetwork(clock, log);
  return { clock, network, log, memory: new SimMemory(), random: new NodeRandom() };
}

export const testKey = new Uint8Array(32).fill(7);

export const testKeyring: Keyring = { keyFor: (name) => (name === 'client.test' ? testKey : undefined) };

export interface Pair {
  readonly listener: WireListener;
  readonly dialer: Dialer;
  close(): Promise<void>;
}

export interface PairOptions {
  readonly listener?: Partial<WireListenerOptions>;
  readonly dialer?: Partial<DialerOptions>;
  readonly served?: Partial<WireListenerCollaborators>;
  readonly dialled?: Partial<DialerCollaborators>;
}

/** A listener `osd.0` and a dialer `client.test` connected to it, both authenticated. */
export async function connectPair(
  runtime: WireRuntime,
  handlers: HandlerTable,
  options: PairOptions = {},
): Promise<Pair> {
  const listener = await listen(runtime, handlers, options);
  const dialer = dial(runtime, listener, options);
  await dialer.connected();
  return {
    listener,
    dialer,
    close: async () => {
      await dialer.close();
      await listener.close();
    },
  };
}

export function listen(runtime: WireRuntime, handlers: HandlerTable, options: PairOptions = {}): Promise<WireListener> {
  return WireListener.listen(
    runtime,
    {
      address: { host: '127.0.0.1', port: 0 },
      identity: { name: 'osd.0', role: 'osd', fsid: 'f-1' },
      ...options.listener,
    },
    { handlers, keys: testKeyring, ...options.served },
  );
}

export function dial(runtime: WireRuntime, listener: WireListener, options: PairOptions = {}): Dialer {
  return new Dialer(
    runtime,
    { address: listener.address, identity: { name: 'client.test', role: 'client', fsid: 'f-1' }, ...options.dialer },
    { key: testKey, ...options.dialled },
  );
}

/** Lets the event loop turn until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A promise with its handles. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** What a promise was rejected with; throws if it was not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    () => ({ rejected: false, error: undefined }),
    (error: unknown) => ({ rejected: true, error }),
  );
  if (!outcome.rejected) throw new Error('the promise was not rejected');
  return outcome.error;
}
