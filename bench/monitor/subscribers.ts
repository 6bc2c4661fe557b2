/** Subscribers of the map as the monitors see them: connections that take each push and say so at once. */
import { monotonicMs } from '../../base/instants.js';
import type { NodeAddress } from '../../cluster/osd.js';
import type { Credentials } from '../../protocol/credentials.js';
import { mapPushMethod, subscribeMethod } from '../../protocol/monitor-methods.js';
import type { Runtime } from '../../runtime/runtime.js';
import { Dialer } from '../../wire/dialer.js';
import { HandlerTable } from '../../wire/handlers.js';

const connectMs = 60_000;
/** Handshakes under way at once. */
const connectingMax = 50;

/** They do not decode what they get: a thousand processes would, each its own. */
export class Subscribers {
  readonly #dialers: Dialer[] = [];
  readonly #epochs: number[] = [];
  #waiting: { epoch: number; left: number; begun: number; at: number[]; resolve: () => void } | undefined;

  /** Spread evenly over the monitors. Resolves when each has a first map. */
  static async connect(
    runtime: Runtime,
    { credentials, monitors, count }: { credentials: Credentials; monitors: readonly NodeAddress[]; count: number },
  ): Promise<Subscribers> {
    const subscribers = new Subscribers();
    const identity = { name: credentials.name, role: 'client', fsid: credentials.fsid };
    const one = async (index: number): Promise<void> => {
      const handlers = new HandlerTable().on(mapPushMethod, ({ header }) => {
        subscribers.#took(index, header.to);
        return { header: { have: header.to } };
      });
      const address = monitors[index % monitors.length];
      if (address === undefined) throw new Error('there are no monitors');
      const dialer = new Dialer(runtime, { address, identity }, { key: credentials.key, handlers });
      subscribers.#dialers.push(dialer);
      const deadline = monotonicMs(runtime.clock.now() + connectMs);
      await dialer.call(subscribeMethod, { what: 'map', have: 0 }, { deadline });
    };
    const first = subscribers.#until(1, count);
    let next = 0;
    const workers = Array.from({ length: connectingMax }, async () => {
      while (next < count) await one(next++);
    });
    await Promise.all([...workers, first.done]);
    return subscribers;
  }

  /** Milliseconds from now until each subscriber has that epoch; `done` once all have. */
  expect(epoch: number): { readonly done: Promise<readonly number[]> } {
    return this.#until(epoch, this.#dialers.length);
  }

  async close(): Promise<void> {
    await Promise.all(this.#dialers.map((dialer) => dialer.close()));
  }

  #until(epoch: number, count: number): { readonly done: Promise<readonly number[]> } {
    const at: number[] = [];
    const done = new Promise<readonly number[]>((resolve) => {
      this.#waiting = { epoch, left: count, begun: performance.now(), at, resolve: () => resolve(at) };
    });
    return { done };
  }

  #took(index: number, epoch: number): void {
    const before = this.#epochs[index] ?? 0;
    this.#epochs[index] = epoch;
    const waiting = this.#waiting;
    if (waiting === undefined || before >= waiting.epoch || epoch < waiting.epoch) return;
    waiting.at.push(performance.now() - waiting.begun);
    waiting.left -= 1;
    if (waiting.left === 0) waiting.resolve();
  }
}
