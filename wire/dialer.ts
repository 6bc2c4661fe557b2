/**
 * A peer at an address, through as many connections as that takes.
 *
 *     connecting ──► connected ──► (lost) ──► resting ──► connecting      any ──close()──► closed
 *          └────────── (failed) ───────────────┘
 *
 * A lost connection is dialled again at once, then with growing pauses. A call that was never sent may go out on the
 * next connection; one that was is not repeated: its `applied: 'maybe'` is for the caller, who has the request id.
 */
import { CairnError, isCairnError, toCairnError } from '../base/errors.js';
import type { MonotonicMs } from '../base/instants.js';
import { monotonicMs } from '../base/instants.js';
import type { Timer, WaitOptions } from '../runtime/clock.js';
import type { Address, Connection, TlsOptions } from '../runtime/network.js';
import { Backoff } from './backoff.js';
import { Deadlines, type DeadlineEntry } from './deadlines.js';
import { DialerHandshake } from './dialer-handshake.js';
import { Greeting } from './greeting.js';
import { helloOf, type Identity } from './identity.js';
import { LimitedLog } from './limited-log.js';
import { resolveConnectionOptions, type ConnectionOptions, type ResolvedConnectionOptions } from './limits.js';
import { pickConnectionOptions } from './listener.js';
import { warnIfExposed } from './loopback.js';
import { HandlerTable } from './handlers.js';
import { type Method, type Reply } from './method.js';
import { newWireMetrics, type WireMetrics } from './metrics.js';
import { PeerConnection, type WireRuntime } from './peer-connection.js';
import type { CallOptions, Peer } from './peer.js';
import type { Session } from './session.js';
import { SlabPool } from './slabs.js';

export interface DialerOptions extends ConnectionOptions {
  readonly address: Address;
  readonly identity: Identity;
  /** The only peer accepted there. Default any. */
  readonly expectedName?: string | undefined;
  readonly tls?: TlsOptions | undefined;
  /** Under TLS the peer's name must be its certificate's common name. Default true. */
  readonly certificateNames?: boolean;
  /** Frames carry checksums. Default: exactly without TLS. */
  readonly checksums?: boolean;
  /** Default 5,000. */
  readonly connectMs?: number;
  /** Default 5,000. */
  readonly handshakeMs?: number;
  /** First pause after a failed attempt. Default 50; higher spares a peer that is starting. */
  readonly backoffMsMin?: number;
  /** Longest pause. Default 5,000; higher finds a peer that returned later. */
  readonly backoffMsMax?: number;
  /** Calls that wait for a connection before `OVERLOADED`. Default 4,096. */
  readonly waitersMax?: number;
}

export interface DialerCollaborators {
  /** What this end answers on its connections. Default nothing. */
  readonly handlers?: HandlerTable | undefined;
  /** This node's key; with it, both ends authenticate. */
  readonly key?: Uint8Array | undefined;
  readonly metrics?: WireMetrics | undefined;
  readonly onConnected?: ((peer: Peer) => void) | undefined;
  readonly onDisconnected?: ((error: CairnError) => void) | undefined;
  /** An attempt failed; another follows after a pause. For those who know another address to try. */
  readonly onFailed?: ((error: CairnError) => void) | undefined;
}

export interface DialerCallOptions extends CallOptions {
  /** Without a connection: `wait` for one until the deadline, or `fail` at once with `CONNECTION_LOST`. Default `wait`. */
  readonly whenDown?: 'wait' | 'fail';
}

type State =
  | { readonly kind: 'connecting'; readonly abort: AbortController }
  | { readonly kind: 'greeting'; readonly greeting: Greeting }
  | { readonly kind: 'connected'; readonly peer: PeerConnection; readonly since: MonotonicMs }
  | { readonly kind: 'resting'; readonly timer: Timer }
  | { readonly kind: 'closed' };

/** These do not pass by waiting a little: whoever waits for a connection is told at once. */
const lastingCodes = new Set(['VERSION_MISMATCH', 'AUTHENTICATION_FAILED', 'CONFLICT']);

export class Dialer {
  readonly metrics: WireMetrics;
  readonly #runtime: WireRuntime;
  readonly #options: DialerOptions;
  readonly #connectionOptions: ResolvedConnectionOptions;
  readonly #with: DialerCollaborators;
  readonly #handlers: HandlerTable;
  readonly #slabs = new SlabPool(32);
  readonly #log: LimitedLog;
  readonly #backoff: Backoff;
  readonly #deadlines: Deadlines;
  readonly #waiters = new Set<Waiter>();
  #state: State;
  #connections = 0;
  #lastError = new CairnError('CONNECTION_LOST', 'no connection was made yet');
  #attempt: Promise<void> = Promise.resolve();
  /** One for each connection that is not gone yet: an old one may linger while the next is used. */
  readonly #open = new Set<Promise<void>>();

  /** Dials at once. */
  constructor(runtime: WireRuntime, options: DialerOptions, collaborators: DialerCollaborators) {
    this.#runtime = runtime;
    this.#options = options;
    this.#connectionOptions = resolveConnectionOptions(pickConnectionOptions(options));
    this.#with = collaborators;
    this.#handlers = collaborators.handlers ?? new HandlerTable();
    this.metrics = collaborators.metrics ?? newWireMetrics();
    this.#log = new LimitedLog(runtime.clock, runtime.log, { burst: 3 });
    const { backoffMsMin = 50, backoffMsMax = 5000, address, tls } = options;
    this.#backoff = new Backoff(runtime.random, { minMs: backoffMsMin, maxMs: backoffMsMax });
    this.#backoff.nextMs();
    this.#deadlines = new Deadlines(runtime.clock);
    warnIfExposed(runtime.log, address, tls, 'connecting without TLS: the peer and the traffic are not protected');
    this.#state = this.#dial();
  }

  /** The peer while there is a connection. */
  get peer(): Peer | undefined {
    return this.#state.kind === 'connected' ? this.#state.peer : undefined;
  }

  /** As `Peer.call`, over whatever connection there is or will be. */
  call<Req, Rep>(method: Method<Req, Rep>, header: Req, options: DialerCallOptions = {}): Promise<Reply<Rep>> {
    return this.#overAnyConnection(options, (peer) => peer.call(method, header, options));
  }

  /** As `Peer.tell`, over whatever connection there is or will be. */
  tell<Req>(method: Method<Req, undefined>, header: Req, options: DialerCallOptions = {}): Promise<void> {
    return this.#overAnyConnection(options, (peer) => peer.tell(method, header, options));
  }

  /** Waits for a connection. Errors: `DEADLINE_EXCEEDED`, `CANCELLED`, `CLOSED`, `OVERLOADED`, why the peer refuses. */
  connected(options: WaitOptions = {}): Promise<Peer> {
    if (this.#state.kind === 'connected') return Promise.resolve(this.#state.peer);
    if (this.#state.kind === 'closed') return Promise.reject(this.#closedError());
    if (this.#waiters.size >= (this.#options.waitersMax ?? 4096)) {
      this.metrics.refusals++;
      return Promise.reject(this.#error('OVERLOADED', 'too many calls wait for a connection'));
    }
    if (options.signal?.aborted === true) return Promise.reject(this.#error('CANCELLED', 'the caller withdrew it'));
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(
        this.#deadlines,
        options,
        resolve,
        (code, sentence) => {
          this.#waiters.delete(waiter);
          reject(this.#error(code, sentence));
        },
        reject,
      );
      this.#waiters.add(waiter);
    });
  }

  /** Drops the connection there is, as if it were lost, and dials again: for one that seems stuck. */
  reconnect(): void {
    if (this.#state.kind !== 'connected') return;
    void this.#state.peer.close(new CairnError('CONNECTION_LOST', 'this end gave the connection up to make another'));
  }

  /** Says goodbye; whoever waits gets `CLOSED`. Resolves when nothing is left open. Idempotent. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    this.#failWaiters(this.#closedError());
    this.#deadlines.close();
    switch (state.kind) {
      case 'connecting':
        state.abort.abort(this.#closedError());
        break;
      case 'greeting':
        state.greeting.abort(this.#closedError());
        break;
      case 'connected':
        void state.peer.close();
        break;
      case 'resting':
        state.timer.cancel();
        break;
      case 'closed':
        break;
    }
    await this.#attempt;
    await Promise.all(this.#open);
  }

  #overAnyConnection<T>(options: DialerCallOptions, use: (peer: PeerConnection) => Promise<T>): Promise<T> {
    if (this.#state.kind !== 'connected') return this.#waitAndUse(options, use);
    const { peer } = this.#state;
    return use(peer).catch((error: unknown) => {
      if (this.#wasNeverSent(error, peer) && options.whenDown !== 'fail') return this.#waitAndUse(options, use);
      throw error;
    });
  }

  async #waitAndUse<T>(options: DialerCallOptions, use: (peer: PeerConnection) => Promise<T>): Promise<T> {
    for (;;) {
      if (options.whenDown === 'fail' && !this.#isClosed() && this.peer === undefined) {
        throw this.#error('CONNECTION_LOST', 'there is no connection at the moment');
      }
      await this.connected(options);
      if (this.#state.kind !== 'connected') continue;
      const { peer } = this.#state;
      try {
        return await use(peer);
      } catch (error) {
        if (!this.#wasNeverSent(error, peer) || options.whenDown === 'fail') throw error;
      }
    }
  }

  /** The connection was lost, or said goodbye, before the call left: another may carry it. */
  #wasNeverSent(error: unknown, peer: PeerConnection): boolean {
    return isCairnError(error, 'CONNECTION_LOST') && error.applied === 'no' && !peer.isOpen && !this.#isClosed();
  }

  #isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  #dial(): State {
    const abort = new AbortController();
    // Begins in a later step, so that whoever makes a dialer has it before anything is called back.
    this.#attempt = Promise.resolve().then(() => this.#connect(abort.signal));
    return { kind: 'connecting', abort };
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { address, tls, connectMs = 5000 } = this.#options;
    const deadline = monotonicMs(this.#runtime.clock.now() + connectMs);
    let connection: Connection;
    try {
      connection = await this.#runtime.network.connect(address, { tls, signal, deadline });
    } catch (error) {
      this.#onFailed(toCairnError(error));
      return;
    }
    this.#greet(connection);
  }

  #greet(connection: Connection): void {
    const { expectedName, certificateNames = true, identity, handshakeMs = 5000, tls } = this.#options;
    const { key } = this.#with;
    const hello = helloOf(this.#runtime.random, identity, {
      authenticates: key !== undefined,
      checksums: this.#options.checksums ?? connection.tlsPeer === undefined,
      limits: this.#connectionOptions,
    });
    const certificateName = certificateNames ? connection.tlsPeer?.commonName : undefined;
    const handshake = new DialerHandshake(hello, key, { name: expectedName, certificateName });
    let resolveGone = (): void => {};
    const gone = new Promise<void>((resolve) => {
      resolveGone = resolve;
    });
    this.#open.add(gone);
    const greeting = new Greeting(
      this.#runtime,
      { handshakeMs },
      {
        connection,
        handshake,
        keyFor: () => undefined,
        onSession: (session) => this.#use(connection, session),
        onFailed: (error) => this.#onFailed(tls === undefined ? asWantingTls(error) : error),
        onGone: () => {
          this.#open.delete(gone);
          resolveGone();
        },
      },
    );
    if (this.#isClosed()) greeting.abort(this.#closedError());
    else if (this.#state.kind === 'connecting') this.#state = { kind: 'greeting', greeting };
  }

  /** greeting -> connected */
  #use(connection: Connection, session: Session): PeerConnection {
    const peer: PeerConnection = new PeerConnection(this.#runtime, this.#connectionOptions, {
      connection,
      session,
      handlers: this.#handlers,
      slabs: this.#slabs,
      metrics: this.metrics,
      log: this.#log,
      onDown: (error) => this.#onDown(error),
    });
    this.#state = { kind: 'connected', peer, since: this.#runtime.clock.now() };
    if (this.#connections++ > 0) this.metrics.reconnects++;
    this.#announce(peer);
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.succeed(peer);
    return peer;
  }

  /** A bug there costs this connection: it is made again. */
  #announce(peer: PeerConnection): void {
    try {
      this.#with.onConnected?.(peer);
    } catch (error) {
      this.#log.error({ peer: peer.name, err: error }, 'onConnected failed; connection closed');
      this.reconnect();
    }
  }

  /** connected -> resting, for no time if it had lasted */
  #onDown(error: CairnError): void {
    this.#lastError = error;
    if (this.#state.kind === 'connected') {
      const lastedMs = this.#runtime.clock.now() - this.#state.since;
      if (lastedMs >= (this.#options.backoffMsMax ?? 5000)) this.#backoff.reset();
      this.#rest();
    }
    this.#with.onDisconnected?.(error);
  }

  /** connecting or greeting -> resting */
  #onFailed(error: CairnError): void {
    if (this.#isClosed()) return;
    this.#lastError = error;
    this.metrics.handshakesFailed++;
    const { code, message } = error;
    this.#log.warn({ address: this.#options.address, code, reason: message }, 'cannot connect; will retry');
    if (lastingCodes.has(code)) this.#failWaiters(error);
    this.#rest();
    this.#with.onFailed?.(error);
  }

  #rest(): void {
    const timer = this.#runtime.clock.after(Math.ceil(this.#backoff.nextMs()), () => {
      if (this.#state.kind === 'resting') this.#state = this.#dial();
    });
    this.#state = { kind: 'resting', timer };
  }

  #failWaiters(error: CairnError): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.fail(error);
  }

  #closedError(): CairnError {
    return this.#error('CLOSED', 'this dialer was closed');
  }

  #error(code: CairnError['code'], sentence: string): CairnError {
    const { host, port } = this.#options.address;
    return new CairnError(code, `${host}:${port}: ${sentence} (last: ${this.#lastError.message})`, {
      cause: this.#lastError,
    });
  }
}

/** Somebody who waits for a connection; its own abort listener and deadline. */
class Waiter {
  readonly #deadlines: Deadlines;
  readonly #options: WaitOptions;
  readonly #resolve: (peer: Peer) => void;
  readonly #giveUp: (code: 'DEADLINE_EXCEEDED' | 'CANCELLED', sentence: string) => void;
  readonly #reject: (error: CairnError) => void;
  readonly #entry: DeadlineEntry | undefined;

  constructor(
    deadlines: Deadlines,
    options: WaitOptions,
    resolve: (peer: Peer) => void,
    giveUp: (code: 'DEADLINE_EXCEEDED' | 'CANCELLED', sentence: string) => void,
    reject: (error: CairnError) => void,
  ) {
    this.#deadlines = deadlines;
    this.#options = options;
    this.#resolve = resolve;
    this.#giveUp = giveUp;
    this.#reject = reject;
    this.#entry = options.deadline === undefined ? undefined : deadlines.add(options.deadline, this);
    options.signal?.addEventListener('abort', this, { once: true });
  }

  expire(): void {
    this.#forget();
    this.#giveUp('DEADLINE_EXCEEDED', 'the deadline passed before there was a connection');
  }

  handleEvent(): void {
    this.#forget();
    this.#giveUp('CANCELLED', 'the caller withdrew it');
  }

  succeed(peer: Peer): void {
    this.#forget();
    this.#resolve(peer);
  }

  fail(error: CairnError): void {
    this.#forget();
    this.#reject(error);
  }

  #forget(): void {
    if (this.#entry !== undefined) this.#deadlines.remove(this.#entry);
    this.#options.signal?.removeEventListener('abort', this);
  }
}

/** A server with TLS hangs up on a plain hello, without an alert: OpenSSL takes it for no TLS at all. */
function asWantingTls(error: CairnError): CairnError {
  if (error.details['saidNothing'] !== true) return error;
  const { code, message, details } = error;
  const advice =
    'if it uses TLS, name ca, cert and key under tls: in the settings file, or with --tls-ca, --tls-cert, --tls-key';
  return new CairnError(code, `${message}; ${advice}`, { cause: error, details });
}
