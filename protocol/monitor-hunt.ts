/**
 * A connection to some monitor: whichever answers first, another when that is lost or of no use.
 *
 *     idle ──wanted──► hunting ──► connected ──(lost, given up)──► hunting ...        any ──close()──► closed
 */
import { CairnError, isCairnError, toCairnError } from '../base/errors.js';
import { type MonotonicMs, monotonicMs } from '../base/instants.js';
import type { NodeAddress } from '../cluster/osd.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { TlsOptions } from '../runtime/network.js';
import type { Runtime } from '../runtime/runtime.js';
import { raceWithWait } from '../runtime/wait.js';
import { Dialer } from '../wire/dialer.js';
import type { HandlerTable } from '../wire/handlers.js';
import type { Peer } from '../wire/peer.js';
import { printAddress } from './address-text.js';
import type { Credentials } from './credentials.js';

export interface HuntOptions {
  readonly credentials: Credentials;
  /** `client`, `osd`, `gateway`. */
  readonly role: string;
  readonly tls?: TlsOptions | undefined;
}

/** For one monitor to answer, before the next is tried: a refused connection says so at once. */
const tryMs = 1_500;
/** Between rounds through all monitors. */
const pauseMsMin = 100;
const pauseMsMax = 2_000;
/**
 * While a monitor is missing, those who are left may not know a new key yet: they do once they have a leader again. That
 * takes less than a second; only a refusal that outlasts it is told.
 */
const refusedMs = 2_000;

interface Current {
  readonly address: NodeAddress;
  readonly dialer: Dialer;
  readonly peer: Peer;
}

export class MonitorHunt {
  readonly #runtime: Runtime;
  readonly #options: HuntOptions;
  readonly #handlers: HandlerTable;
  readonly #onConnected: (peer: Peer) => void;
  readonly #waiters = new Set<{ resolve: (peer: Peer) => void; reject: (error: CairnError) => void }>();
  #addresses: readonly NodeAddress[];
  #current: Current | undefined;
  /** Under way. */
  #hunting: Promise<void> | undefined;
  /** Given up last: tried after the others. */
  #avoided: NodeAddress | undefined;
  /** Somebody follows something: stay connected without being asked. */
  #isWanted = false;
  #lastError: CairnError | undefined;
  readonly #stop = new AbortController();
  readonly #closings = new Set<Promise<void>>();

  /** `handlers` answer what monitors send; `onConnected` is called with each new connection. */
  constructor(runtime: Runtime, options: HuntOptions, handlers: HandlerTable, onConnected: (peer: Peer) => void) {
    this.#runtime = runtime;
    this.#options = options;
    this.#handlers = handlers;
    this.#onConnected = onConnected;
    this.#addresses = options.credentials.monitors;
  }

  /** The monitors as the newest map has them; those of the credentials stay, behind them. */
  learn(addresses: readonly NodeAddress[]): void {
    const known = new Map([...addresses, ...this.#options.credentials.monitors].map((one) => [printAddress(one), one]));
    this.#addresses = [...known.values()];
  }

  get current(): Peer | undefined {
    return this.#current?.peer;
  }

  stayConnected(): void {
    this.#isWanted = true;
    this.#hunt();
  }

  /** Errors: `DEADLINE_EXCEEDED` (no monitor answered), `AUTHENTICATION_FAILED` and its like, `CANCELLED`, `CLOSED`. */
  connected(wait: WaitOptions): Promise<Peer> {
    if (this.#stop.signal.aborted) return Promise.reject(closed());
    if (this.#current !== undefined) return Promise.resolve(this.#current.peer);
    const promise = raceWithWait<Peer>(this.#runtime.clock, wait, 'connecting to the monitors', (race) => {
      const waiter = { resolve: (peer: Peer) => race.win(peer), reject: (error: CairnError) => race.fail(error) };
      this.#waiters.add(waiter);
      return () => this.#waiters.delete(waiter);
    }).catch((error: unknown) => {
      throw isCairnError(error, 'DEADLINE_EXCEEDED') ? this.#nobody(error) : error;
    });
    this.#hunt();
    return promise;
  }

  /** The monitor behind `peer` is of no use (it has no leader, it does not answer): find another. */
  giveUp(peer: Peer): void {
    if (this.#current?.peer !== peer) return;
    const { dialer, address } = this.#current;
    this.#avoided = address;
    this.#current = undefined;
    this.#end(dialer);
    if (this.#isWanted) this.#hunt();
  }

  async close(): Promise<void> {
    this.#stop.abort(closed());
    for (const { reject } of this.#takeWaiters()) reject(closed());
    if (this.#current !== undefined) this.#end(this.#current.dialer);
    this.#current = undefined;
    // It ends by the signal, and may have another connection to close when it does.
    await this.#hunting;
    await Promise.all(this.#closings);
  }

  #hunt(): void {
    if (this.#hunting !== undefined || this.#current !== undefined || this.#stop.signal.aborted) return;
    this.#hunting = this.#rounds()
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#runtime.fatal(error);
      })
      .finally(() => {
        this.#hunting = undefined;
        // The connection may have been lost, and somebody have asked, while this round ended.
        if (this.#current === undefined && (this.#isWanted || this.#waiters.size > 0)) this.#hunt();
      });
  }

  async #rounds(): Promise<void> {
    let pauseMs = pauseMsMin;
    let refusedSince: MonotonicMs | undefined;
    while (!this.#stop.signal.aborted && (this.#isWanted || this.#waiters.size > 0)) {
      const failures: CairnError[] = [];
      for (const address of this.#shuffled()) {
        const outcome = await this.#try(address);
        if (outcome === undefined) return;
        failures.push(outcome);
      }
      this.#lastError = failures.at(-1);
      const lasting = failures.find(({ code }) => lastingCodes.has(code)) ?? this.#wantingTls(failures);
      // None let us in, and one says why in a way that waiting does not heal.
      const now = this.#runtime.clock.now();
      refusedSince = lasting === undefined ? undefined : (refusedSince ?? now);
      const isCertain =
        failures.every(({ code }) => lastingCodes.has(code)) || now - (refusedSince ?? now) >= refusedMs;
      if (lasting !== undefined && isCertain) for (const { reject } of this.#takeWaiters()) reject(lasting);
      await this.#runtime.clock.sleep(pauseMs, this.#stop.signal);
      pauseMs = Math.min(pauseMs * 2, pauseMsMax);
    }
  }

  /** `undefined` when connected, else why not. */
  async #try(address: NodeAddress): Promise<CairnError | undefined> {
    const { credentials, role, tls } = this.#options;
    const identity = { name: credentials.name, role, fsid: credentials.fsid };
    const stop = this.#stop.signal;
    const ending = new AbortController();
    const end = (): void => ending.abort(stop.reason);
    if (stop.aborted) end();
    stop.addEventListener('abort', end, { once: true });
    let refusal: CairnError | undefined;
    const dialer: Dialer = new Dialer(
      this.#runtime,
      { address, identity, tls },
      {
        key: credentials.key,
        handlers: this.#handlers,
        onDisconnected: (error) => this.#onLost(dialer, error),
        onFailed: (error) => {
          if (error.code !== 'CONNECTION_REFUSED' && error.details['saidNothing'] !== true) return;
          refusal = error;
          end();
        },
      },
    );
    try {
      const deadline = monotonicMs(this.#runtime.clock.now() + tryMs);
      const peer = await dialer.connected({ deadline, signal: ending.signal });
      // Closed, or lost again, in the moment between: there is nobody to tell later.
      if (this.#stop.signal.aborted) throw closed();
      if (dialer.peer !== peer) throw new CairnError('CONNECTION_LOST', `${printAddress(address)} hung up at once`);
      this.#current = { address, dialer, peer };
      for (const { resolve } of this.#takeWaiters()) resolve(peer);
      this.#onConnected(peer);
      return undefined;
    } catch (error) {
      this.#end(dialer);
      if (refusal !== undefined) return refusal;
      const { cause } = toCairnError(error);
      return isCairnError(cause) && lastingCodes.has(cause.code) ? cause : toCairnError(error);
    } finally {
      stop.removeEventListener('abort', end);
    }
  }

  #onLost(dialer: Dialer, error: CairnError): void {
    if (this.#current?.dialer !== dialer) return;
    this.#lastError = error;
    this.#current = undefined;
    this.#end(dialer);
    if (this.#isWanted) this.#hunt();
  }

  #end(dialer: Dialer): void {
    const closing = dialer.close().finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
  }

  #takeWaiters() {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    return waiters;
  }

  /** At random, so that the clients of a cluster spread over its monitors; who was of no use comes last. */
  #shuffled(): readonly NodeAddress[] {
    const shuffled = [...this.#addresses];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.#runtime.random.below(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
    }
    const avoided = this.#avoided === undefined ? undefined : printAddress(this.#avoided);
    const isAvoided = (address: NodeAddress): boolean => printAddress(address) === avoided;
    return [...shuffled.filter((address) => !isAvoided(address)), ...shuffled.filter(isAvoided)];
  }

  /** All hang up on whoever comes without TLS. One may as well be about to stop: only when it lasts is it told. */
  #wantingTls(failures: readonly CairnError[]): CairnError | undefined {
    const [first] = failures;
    if (first === undefined || !failures.every(({ details }) => details['saidNothing'] === true)) return undefined;
    const where = this.#addresses.map((address) => printAddress(address)).join(', ');
    return new CairnError('AUTHENTICATION_FAILED', `no monitor at ${where}: ${first.message}`, { cause: first });
  }

  #nobody(cause: CairnError): CairnError {
    const where = this.#addresses.map((address) => printAddress(address)).join(', ');
    const why = this.#lastError === undefined ? '' : ` (last: ${this.#lastError.message})`;
    return new CairnError('DEADLINE_EXCEEDED', `no monitor answers at ${where}; are they running?${why}`, { cause });
  }
}

/** These do not pass by waiting. */
const lastingCodes = new Set(['AUTHENTICATION_FAILED', 'VERSION_MISMATCH', 'CONFLICT', 'PERMISSION_DENIED']);

function closed(): CairnError {
  return new CairnError('CLOSED', 'this session with the monitors was closed');
}
