/** Accepts connections, greets them, and serves the peers behind them. Nothing that arrives can do more than close its own connection. */
import { CairnError } from '../base/errors.js';
import type { MonotonicMs } from '../base/instants.js';
import type { Address, Connection, Listener, TlsOptions } from '../runtime/network.js';
import { AcceptorHandshake } from './acceptor-handshake.js';
import { Greeting } from './greeting.js';
import { nonceBytes } from './hello.js';
import { helloOf, type Identity, type Keyring } from './identity.js';
import { LimitedLog } from './limited-log.js';
import { resolveConnectionOptions, type ConnectionOptions, type ResolvedConnectionOptions } from './limits.js';
import { warnIfExposed } from './loopback.js';
import type { HandlerTable } from './handlers.js';
import { newWireMetrics, type WireMetrics } from './metrics.js';
import { PeerConnection, type WireRuntime } from './peer-connection.js';
import type { Peer } from './peer.js';
import { SlabPool } from './slabs.js';

export interface WireListenerOptions extends ConnectionOptions {
  readonly address: Address;
  readonly identity: Identity;
  readonly tls?: TlsOptions | undefined;
  /** Under mutual TLS a peer's name must be its certificate's common name. Default true. */
  readonly certificateNames?: boolean;
  /** Frames carry checksums. Default: exactly without TLS. */
  readonly checksums?: boolean;
  /** Connections, greeted or not. Default 4,096; each idle one costs some 20 KiB. */
  readonly connectionsMax?: number;
  /**
   * Connections whose handshake has not ended. Default 256; a further one takes the place of the oldest if that has had
   * 500 ms, else it is closed at once: idle connections cannot keep others out.
   */
  readonly handshakesMax?: number;
  /** Default 5,000. */
  readonly handshakeMs?: number;
}

export interface WireListenerCollaborators {
  readonly handlers: HandlerTable;
  /** Absent: dialers are not authenticated, unless by TLS. */
  readonly keys?: Keyring | undefined;
  readonly metrics?: WireMetrics | undefined;
  readonly onConnected?: ((peer: Peer) => void) | undefined;
  readonly onDisconnected?: ((peer: Peer, error: CairnError) => void) | undefined;
}

/** An honest handshake takes two round trips; a lookup of the key may take a while. */
const graceMs = 500;

export class WireListener {
  readonly metrics: WireMetrics;
  readonly #runtime: WireRuntime;
  readonly #options: WireListenerOptions;
  readonly #connectionOptions: ResolvedConnectionOptions;
  readonly #with: WireListenerCollaborators;
  readonly #log: LimitedLog;
  readonly #slabs = new SlabPool();
  readonly #decoyKey: Uint8Array;
  /** Oldest first, with the instants at which they began. */
  readonly #greetings = new Map<Greeting, MonotonicMs>();
  readonly #peers = new Set<PeerConnection>();
  readonly #connections = new Set<Connection>();
  #onIdle: (() => void) | undefined;
  #listener: Listener | undefined;
  #isClosed = false;

  private constructor(runtime: WireRuntime, options: WireListenerOptions, collaborators: WireListenerCollaborators) {
    this.#runtime = runtime;
    this.#options = options;
    this.#connectionOptions = resolveConnectionOptions(pickConnectionOptions(options));
    this.#with = collaborators;
    this.metrics = collaborators.metrics ?? newWireMetrics();
    this.#log = new LimitedLog(runtime.clock, runtime.log);
    this.#decoyKey = runtime.random.bytes(nonceBytes);
  }

  /** Errors: those of `Network.listen`. */
  static async listen(
    runtime: WireRuntime,
    options: WireListenerOptions,
    collaborators: WireListenerCollaborators,
  ): Promise<WireListener> {
    const listener = new WireListener(runtime, options, collaborators);
    const { address, tls, connectionsMax } = options;
    warnIfExposed(runtime.log, address, tls, 'listening without TLS: peers and their traffic are not protected');
    listener.#listener = await runtime.network.listen(
      address,
      { tls, connectionsMax: connectionsMax ?? 4096 },
      (connection) => listener.#accept(connection),
    );
    return listener;
  }

  /** With the real port. */
  get address(): Address {
    return this.#listener?.address ?? this.#options.address;
  }

  get peers(): readonly Peer[] {
    return [...this.#peers];
  }

  /** Stops accepting, says goodbye to every peer. Resolves when all connections are gone. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const greeting of this.#greetings.keys()) greeting.abort(new CairnError('CLOSED', 'the listener closed'));
    const peers = [...this.#peers].map((peer) => peer.close());
    await Promise.all([this.#listener?.close(), ...peers, this.#idle()]);
  }

  /** Ends the connections of those who may not have one any more. */
  disconnect(isGone: (peer: Peer) => boolean, error: CairnError): void {
    for (const peer of this.#peers) if (isGone(peer)) void peer.close(error);
  }

  /** Resolves when no connection is left, those that were refused and linger included. */
  #idle(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const told = this.#onIdle;
      this.#onIdle = () => {
        told?.();
        resolve();
      };
    });
  }

  #accept(connection: Connection): void {
    const { connectionsMax = 4096 } = this.#options;
    if (this.#isClosed || this.#connections.size >= connectionsMax || !this.#hasRoomToGreet()) {
      this.metrics.connectionsRefused++;
      this.#log.warn({ remote: connection.remote }, 'too many connections; one was refused');
      connection.start({ onData: () => {}, onEnd: () => {}, onClose: () => {} });
      connection.destroy();
      return;
    }
    this.metrics.connectionsAccepted++;
    this.#connections.add(connection);
    this.#greet(connection);
  }

  /** Makes room, if need be, at the cost of a peer that has been slow. */
  #hasRoomToGreet(): boolean {
    const { handshakesMax = 256 } = this.#options;
    if (this.#greetings.size < handshakesMax) return true;
    const [oldest] = this.#greetings;
    if (oldest === undefined || this.#runtime.clock.now() - oldest[1] < graceMs) return false;
    oldest[0].abort(new CairnError('OVERLOADED', 'the handshake was slow and others were waiting'));
    return true;
  }

  #greet(connection: Connection): void {
    const over = (): void => {
      if (this.#greetings.delete(greeting)) this.metrics.handshakesInProgress--;
    };
    const { keys } = this.#with;
    const greeting: Greeting = new Greeting(
      this.#runtime,
      { handshakeMs: this.#options.handshakeMs ?? 5000 },
      {
        connection,
        handshake: this.#handshake(connection),
        keyFor: (name, isFresh) => keys?.keyFor(name, isFresh),
        onSession: (session) => {
          over();
          return this.#serve(connection, session);
        },
        onFailed: (error) => {
          over();
          this.#failed(connection, error);
        },
        onGone: () => {
          this.#connections.delete(connection);
          if (this.#connections.size === 0) this.#onIdle?.();
        },
      },
    );
    this.#greetings.set(greeting, this.#runtime.clock.now());
    this.metrics.handshakesInProgress++;
  }

  #handshake(connection: Connection): AcceptorHandshake {
    const { identity, certificateNames = true } = this.#options;
    const hello = helloOf(this.#runtime.random, identity, {
      authenticates: this.#with.keys !== undefined,
      checksums: this.#options.checksums ?? connection.tlsPeer === undefined,
      limits: this.#connectionOptions,
    });
    const certificateName = certificateNames ? connection.tlsPeer?.commonName : undefined;
    return new AcceptorHandshake(hello, this.#decoyKey, { certificateName });
  }

  #serve(connection: Connection, session: Parameters<ConstructorParameters<typeof Greeting>[2]['onSession']>[0]) {
    const peer: PeerConnection = new PeerConnection(this.#runtime, this.#connectionOptions, {
      connection,
      session,
      handlers: this.#with.handlers,
      slabs: this.#slabs,
      metrics: this.metrics,
      log: this.#log,
      onDown: (error) => {
        this.#with.onDisconnected?.(peer, error);
      },
    });
    this.#peers.add(peer);
    void peer.closed.then(() => this.#peers.delete(peer));
    this.#announce(peer);
    return peer;
  }

  /** A bug there costs this connection, not all. */
  #announce(peer: PeerConnection): void {
    try {
      this.#with.onConnected?.(peer);
    } catch (error) {
      this.#log.error({ peer: peer.name, err: error }, 'onConnected failed; connection closed');
      void peer.close();
    }
  }

  #failed(connection: Connection, error: CairnError): void {
    if (this.#isClosed) return;
    this.metrics.handshakesFailed++;
    const { code, message } = error;
    this.#log.warn({ remote: connection.remote, code, reason: message }, 'handshake failed');
  }
}

/** Only what a connection knows of: the rest must not reach its limits. */
export function pickConnectionOptions(options: ConnectionOptions): ConnectionOptions {
  const picked: Record<string, number> = {};
  for (const key of connectionOptionKeys) {
    const value = options[key];
    if (value !== undefined) picked[key] = value;
  }
  return picked;
}

const connectionOptionKeys = [
  'headerBytesMax',
  'payloadBytesMax',
  'windowBytes',
  'windowMessages',
  'waitingBytesMax',
  'waitingMessagesMax',
  'replyQueueBytesMax',
  'pingIdleMs',
  'silenceMs',
  'sendStallMs',
] as const satisfies readonly (keyof ConnectionOptions)[];
