/**
 * Ships messages to a central syslog server beside the daemon's work. A server that is slow or gone never holds the daemon
 * up: messages wait in a bounded queue, the oldest are dropped, and a message says how many when the server is back.
 *
 * Syslog over TCP has no acknowledgements: what the kernel had taken when a connection broke may be lost, uncounted.
 */
import { CairnError, toCairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import { monotonicMs, type MonotonicMs } from '../../base/instants.js';
import type { Address } from '../network.js';
import type { Runtime } from '../runtime.js';
import { supervise } from '../supervise.js';
import { raceWithWait } from '../wait.js';
import { formatMessage, type SyslogMessage, type SyslogOrigin } from './message.js';
import { MessageQueue } from './queue.js';
import { openTransport, type SyslogProtocol, type SyslogTransport } from './transport.js';

export interface SyslogShipperOptions {
  readonly address: Address;
  readonly protocol: SyslogProtocol;
  readonly origin: SyslogOrigin;
  /** Messages that wait. Default 10,000: more bridges longer outages and costs memory. */
  readonly queueCountMax?: number;
  /** Bytes that wait. Default 8 MiB. */
  readonly queueBytesMax?: number;
  /** First pause after a failure; it doubles up to `retryMsMax`, half of each at random. Default 500. */
  readonly retryMs?: number;
  /** Default 30,000. */
  readonly retryMsMax?: number;
}

export type ShipperRuntime = Pick<Runtime, 'clock' | 'random' | 'network' | 'log' | 'fatal'>;

/** A message that the server does not take for so long counts as a failed connection. */
const attemptMs = 10_000;

export class SyslogShipper {
  readonly #runtime: ShipperRuntime;
  readonly #options: SyslogShipperOptions;
  readonly #queue: MessageQueue;
  readonly #stop = new AbortController();
  #transport: SyslogTransport | undefined;
  /** Ends the wait of an idle shipper. */
  #wake: (() => void) | undefined;
  #isClosing = false;
  #flushUntil: MonotonicMs | undefined;
  /** Failures since the last message that got through. */
  #failures = 0;
  #shippedCount = 0;
  #droppedCount = 0;
  readonly #ended: Promise<void>;

  /** `runtime.log` must not itself lead here: its warnings about the server would go round in circles. */
  constructor(runtime: ShipperRuntime, options: SyslogShipperOptions) {
    this.#runtime = runtime;
    this.#options = options;
    this.#queue = new MessageQueue(options.queueCountMax ?? 10_000, options.queueBytesMax ?? 8 * 2 ** 20);
    this.#ended = this.#run();
    supervise(runtime, 'the syslog shipper', this.#ended);
  }

  /** For metrics: messages that wait, reached the kernel, and were dropped, so far. */
  get stats(): { readonly queued: number; readonly queuedBytes: number; readonly shipped: number; dropped: number } {
    const { count: queued, bytes: queuedBytes } = this.#queue;
    return { queued, queuedBytes, shipped: this.#shippedCount, dropped: this.#droppedCount };
  }

  /** Never waits and never fails; after `close` it does nothing. */
  ship(message: SyslogMessage): void {
    if (this.#isClosing) return;
    this.#droppedCount += this.#queue.add(formatMessage(this.#options.origin, message));
    this.#wake?.();
  }

  /** Ships what waits until `deadline`, at the latest; the rest is dropped. Idempotent. */
  async close(deadline: MonotonicMs): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      this.#flushUntil = deadline;
      this.#wake?.();
      const leftMs = Math.max(0, deadline - this.#runtime.clock.now());
      const timer = this.#runtime.clock.after(leftMs, () => {
        this.#stop.abort();
        this.#wake?.();
      });
      await this.#ended.finally(() => {
        timer.cancel();
      });
      return;
    }
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (this.#queue.count === 0 && this.#queue.dropped === 0) {
        if (this.#isClosing) break;
        await this.#untilWoken();
        continue;
      }
      try {
        await this.#shipOne();
      } catch (error) {
        await this.#recover(error);
      }
    }
    await this.#endTransport();
    if (this.#queue.count > 0) {
      this.#runtime.log.warn(
        { messages: this.#queue.count },
        'log messages were not shipped before the shipper closed',
      );
    }
  }

  async #shipOne(): Promise<void> {
    const { network, clock } = this.#runtime;
    const { address, protocol } = this.#options;
    const deadline = this.#attemptDeadline();
    const wait = { deadline, signal: this.#stop.signal };
    if (this.#transport?.isOpen === false) this.#dropTransport();
    this.#transport ??= await openTransport(network, protocol, address, wait);
    const transport = this.#transport;
    // The report goes first: it stands where the gap is.
    const dropped = this.#queue.takeDropped();
    const message = dropped > 0 ? this.#reportOf(dropped) : this.#queue.take();
    invariant(message !== undefined, 'something waits to be shipped');
    try {
      await raceWithWait<void>(clock, wait, `shipping to ${address.host}:${address.port}`, (race) => {
        transport.send(message).then(
          () => race.win(),
          (error: unknown) => race.fail(toCairnError(error)),
        );
        return () => {
          transport.destroy();
        };
      });
    } catch (error) {
      // Whether it arrived is not known; once more may be twice, so it counts as dropped.
      this.#queue.addDropped(dropped > 0 ? dropped : 1);
      if (dropped === 0) this.#droppedCount += 1;
      throw error;
    }
    if (dropped === 0) this.#shippedCount += 1;
    if (this.#failures > 0) this.#runtime.log.info({ address }, 'the syslog server takes messages again');
    this.#failures = 0;
  }

  /** Drops the transport and pauses before the next attempt, longer each time. */
  async #recover(error: unknown): Promise<void> {
    const { clock, log, random } = this.#runtime;
    const { address, retryMs = 500, retryMsMax = 30_000 } = this.#options;
    this.#dropTransport();
    if (this.#stop.signal.aborted) return;
    if (!(error instanceof CairnError)) throw error;
    // Once per outage.
    if (this.#failures === 0) log.warn({ err: error, address }, 'the syslog server does not take messages');
    const pauseMs = Math.min(retryMsMax, retryMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    try {
      await clock.sleep(pauseMs / 2 + random.float() * (pauseMs / 2), this.#stop.signal);
    } catch (cancelled) {
      if (!this.#stop.signal.aborted) throw cancelled;
    }
  }

  #attemptDeadline(): MonotonicMs {
    const deadline = this.#runtime.clock.now() + attemptMs;
    return monotonicMs(Math.min(deadline, this.#flushUntil ?? Infinity));
  }

  #reportOf(dropped: number): Uint8Array {
    return formatMessage(this.#options.origin, {
      severity: 'warn',
      wall: this.#runtime.clock.wall(),
      msgId: 'DROPPED',
      text: `${dropped} log messages were dropped because the syslog server did not take them`,
    });
  }

  async #untilWoken(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  #dropTransport(): void {
    this.#transport?.destroy();
    this.#transport = undefined;
  }

  /** The timer of `close` aborts the wait for a server that does not end its side. */
  async #endTransport(): Promise<void> {
    const transport = this.#transport;
    if (transport === undefined) return;
    this.#stop.signal.addEventListener('abort', () => {
      transport.destroy();
    });
    if (this.#stop.signal.aborted) transport.destroy();
    else await transport.close();
  }
}
