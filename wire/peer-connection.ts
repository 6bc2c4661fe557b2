/**
 * One connection after its handshake: it joins decoder, outbox, calls in both directions and keepalive, and ends them
 * together.
 *
 *     open ──goodbye, error or close()──► closing (queue dropped, goodbye sent, streams end) ──► closed
 */
import { CairnError, toCairnError } from '../base/errors.js';
import type { MonotonicMs } from '../base/instants.js';
import type { Timer } from '../runtime/clock.js';
import type { Address, Connection } from '../runtime/network.js';
import type { Runtime } from '../runtime/runtime.js';
import { Deadlines } from './deadlines.js';
import { FrameChecksum } from './frame-checksum.js';
import { FrameDecoder, type FrameSink } from './frame-decoder.js';
import { emptyPrefix, frameTypes, noDeadline, type FramePrefix } from './frame.js';
import { IncomingCalls } from './incoming.js';
import { Keepalive } from './keepalive.js';
import type { LimitedLog } from './limited-log.js';
import type { ResolvedConnectionOptions } from './limits.js';
import type { HandlerTable } from './handlers.js';
import type { Method, Payload, Reply } from './method.js';
import type { WireMetrics } from './metrics.js';
import { Outbox } from './outbox.js';
import { OutgoingCalls } from './outgoing.js';
import type { CallOptions, Peer } from './peer.js';
import type { Session } from './session.js';
import type { SlabPool } from './slabs.js';
import { decodeError, viewEncodedError } from './wire-error.js';

export type WireRuntime = Pick<Runtime, 'clock' | 'random' | 'network' | 'memory' | 'log'>;

export interface PeerConnectionCollaborators {
  readonly connection: Connection;
  readonly session: Session;
  readonly handlers: HandlerTable;
  readonly slabs: SlabPool;
  readonly metrics: WireMetrics;
  readonly log: LimitedLog;
  /** The connection is of no more use; called once, never from inside the constructor. */
  readonly onDown: (error: CairnError) => void;
}

/** How long a goodbye may take before the connection is dropped all the same. */
const lingerMs = 1000;
const noBytes = new Uint8Array(0);

export class PeerConnection implements Peer {
  readonly #runtime: WireRuntime;
  readonly #with: PeerConnectionCollaborators;
  readonly #deadlines: Deadlines;
  readonly #outbox: Outbox;
  readonly #outgoing: OutgoingCalls;
  readonly #incoming: IncomingCalls;
  readonly #keepalive: Keepalive;
  readonly #decoder: FrameDecoder;
  readonly #prefix = emptyPrefix();
  #pongOwed: number | undefined;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #linger: Timer | undefined;
  readonly #closedPromise: Promise<void>;
  #resolveClosed: () => void = () => {};

  constructor(runtime: WireRuntime, options: ResolvedConnectionOptions, collaborators: PeerConnectionCollaborators) {
    this.#runtime = runtime;
    this.#with = collaborators;
    const { clock } = runtime;
    const { session, connection, metrics, slabs } = collaborators;
    const { checksumSeeds: seeds } = session;
    this.#closedPromise = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#deadlines = new Deadlines(clock);
    this.#outbox = new Outbox({
      clock,
      connection,
      slabs,
      metrics,
      checksum: seeds === undefined ? undefined : new FrameChecksum(seeds.send),
      onFlush: () => this.#beforeFlush(),
      onSent: () => this.#incoming.pump(),
      onError: (error) => this.#lost(toCairnError(error)),
    });
    const { memory } = runtime;
    const shared = {
      clock,
      memory,
      outbox: this.#outbox,
      deadlines: this.#deadlines,
      metrics,
      peerLimits: session.limits,
    };
    this.#outgoing = new OutgoingCalls(options, { ...shared, peerName: session.peer.name });
    this.#incoming = new IncomingCalls(options, {
      ...shared,
      handlers: collaborators.handlers,
      peer: this,
      log: collaborators.log,
    });
    this.#decoder = new FrameDecoder(
      {
        ...options,
        memory: runtime.memory,
        checksum: seeds === undefined ? undefined : new FrameChecksum(seeds.receive),
      },
      this.#sink(),
    );
    this.#keepalive = new Keepalive(options, {
      clock,
      sendPing: (id) => this.#sendControl(frameTypes.ping, id),
      sendingSince: () => this.#outbox.sendingSince,
      onDead: (error) => this.#lost(error),
    });
    metrics.connectionsOpen++;
  }

  get name(): string {
    return this.#with.session.peer.name;
  }

  get role(): string {
    return this.#with.session.peer.role;
  }

  get remote(): Address {
    return this.#with.connection.remote;
  }

  get version(): number {
    return this.#with.session.version;
  }

  get features(): bigint {
    return this.#with.session.features;
  }

  get authenticated(): boolean {
    return this.#with.session.authenticated || this.#with.connection.tlsPeer !== undefined;
  }

  get rttMs(): number | undefined {
    return this.#keepalive.rttMs;
  }

  get lastReceivedAt(): MonotonicMs {
    return this.#keepalive.lastReceivedAt;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Resolves when the connection is gone for good. */
  get closed(): Promise<void> {
    return this.#closedPromise;
  }

  call<Req, Rep>(method: Method<Req, Rep>, header: Req, options: CallOptions = {}): Promise<Reply<Rep>> {
    return this.#outgoing.call(method, header, options);
  }

  tell<Req>(method: Method<Req, undefined>, header: Req, options: CallOptions = {}): Promise<void> {
    return this.#outgoing.tell(method, header, options);
  }

  post<Req>(method: Method<Req, undefined>, header: Req, payload?: Payload, released?: () => void): void {
    this.#outgoing.post(method, header, payload, released);
  }

  flush(): void {
    this.#outbox.flushNow();
  }

  /** Says goodbye; calls in both directions end with `reason`. Idempotent; resolves when the connection is gone. */
  close(reason = new CairnError('CLOSED', 'this end closed the connection')): Promise<void> {
    this.#shut(reason, 'goodbye', new CairnError('CLOSED', reason.message));
    return this.#closedPromise;
  }

  /** `ConnectionHandlers.onData` */
  data(viewChunk: Uint8Array): void {
    if (this.#state !== 'open') return;
    this.#keepalive.received();
    this.#with.metrics.bytesReceived += viewChunk.byteLength;
    try {
      this.#decoder.push(viewChunk);
    } catch (error) {
      this.#broken(toCairnError(error));
    }
  }

  /** `ConnectionHandlers.onEnd` */
  ended(): void {
    this.#shut(new CairnError('CONNECTION_LOST', `${this.name} closed the connection`), 'end');
  }

  /** `ConnectionHandlers.onClose` */
  gone(error: CairnError | undefined): void {
    this.#shut(lostBecause(error), 'drop');
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#linger?.cancel();
    this.#outbox.close();
    this.#with.metrics.connectionsOpen--;
    this.#resolveClosed();
  }

  #sink(): FrameSink {
    return {
      admit: (prefix) => this.#admit(prefix),
      frame: (prefix, source, start, end, payload) => {
        this.#with.metrics.framesReceived++;
        this.#dispatch(prefix, source, start, end, payload);
      },
    };
  }

  /** Before anything of the frame is allocated. */
  #admit(prefix: Readonly<FramePrefix>): void {
    switch (prefix.type) {
      case frameTypes.request:
      case frameTypes.oneWay:
        this.#incoming.admit(prefix);
        return;
      case frameTypes.response:
        this.#outgoing.admit(prefix);
        return;
      case frameTypes.error:
      case frameTypes.goodbye:
        if (prefix.payloadBytes > 0) throw badFrame(prefix, 'with a payload');
        return;
      case frameTypes.cancel:
      case frameTypes.credit:
      case frameTypes.ping:
      case frameTypes.pong:
        if (prefix.payloadBytes > 0 || prefix.headerBytes > 0) throw badFrame(prefix, 'that is not empty');
        return;
      default:
        throw badFrame(prefix, 'of unknown type');
    }
  }

  #dispatch(prefix: Readonly<FramePrefix>, source: Uint8Array, start: number, end: number, payload: Uint8Array): void {
    switch (prefix.type) {
      case frameTypes.request:
      case frameTypes.oneWay:
        this.#incoming.receive(prefix, source, start, end, payload);
        return;
      case frameTypes.response:
      case frameTypes.error:
        this.#outgoing.reply(prefix, source, start, end, payload);
        return;
      case frameTypes.cancel:
        this.#incoming.cancel(prefix.requestId);
        return;
      case frameTypes.credit:
        this.#outgoing.credit(prefix.level, prefix.requestId, prefix.method);
        return;
      case frameTypes.ping:
        // The latest ping answers for all before it: a flood of them queues one pong.
        this.#pongOwed = prefix.requestId;
        this.#outbox.wake();
        return;
      case frameTypes.pong:
        this.#keepalive.pong(prefix.requestId);
        return;
      case frameTypes.goodbye:
        this.#onGoodbye(source, start, end);
        return;
      default:
        throw badFrame(prefix, 'of unknown type');
    }
  }

  #onGoodbye(source: Uint8Array, start: number, end: number): void {
    const { code, message } = decodeError(source, start, end);
    if (code !== 'CLOSED') {
      this.#with.log.warn({ peer: this.name, code, reason: message }, 'peer closed the connection for an error');
    }
    this.#shut(new CairnError('CONNECTION_LOST', `${this.name} closed the connection: ${message}`), 'end');
  }

  #beforeFlush(): void {
    this.#incoming.payCredit();
    if (this.#pongOwed === undefined || this.#state !== 'open') return;
    const id = this.#pongOwed;
    this.#pongOwed = undefined;
    this.#sendControl(frameTypes.pong, id);
  }

  #sendControl(type: number, requestId: number, header: Uint8Array = noBytes): void {
    const prefix = this.#prefix;
    prefix.type = type;
    prefix.requestId = requestId;
    prefix.headerBytes = header.byteLength;
    prefix.deadlineMs = noDeadline;
    this.#outbox.queue(prefix, header);
  }

  /** The peer broke the protocol, or its bytes were damaged. */
  #broken(error: CairnError): void {
    this.#with.metrics.protocolErrors++;
    const { name, remote } = this;
    this.#with.log.warn(
      { peer: name, remote, code: error.code, err: error },
      'peer broke the protocol; connection closed',
    );
    const lost = new CairnError('CONNECTION_LOST', `${name} broke the protocol: ${error.message}`, { cause: error });
    this.#shut(lost, 'goodbye', error);
  }

  #lost(error: CairnError): void {
    this.#shut(lostBecause(error), 'drop');
  }

  /** open -> closing */
  #shut(error: CairnError, how: 'goodbye' | 'end' | 'drop', told: CairnError = error): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#decoder.stop();
    this.#keepalive.stop();
    this.#outgoing.close(error);
    this.#incoming.close(error);
    this.#deadlines.close();
    if (how === 'drop') {
      this.#with.connection.destroy();
      this.#outbox.close();
    } else {
      this.#outbox.withdrawAll();
      const { headerBytesMax } = this.#with.session.limits;
      if (how === 'goodbye') this.#sendControl(frameTypes.goodbye, 0, viewEncodedError(told, headerBytesMax));
      this.#outbox.endWhenEmpty();
      this.#linger = this.#runtime.clock.after(lingerMs, () => {
        this.#with.connection.destroy();
        this.#outbox.close();
      });
    }
    this.#with.onDown(error);
  }
}

function badFrame(prefix: Readonly<FramePrefix>, what: string): CairnError {
  return new CairnError('PROTOCOL_ERROR', `a frame of type ${prefix.type} ${what} is out of place`);
}

function lostBecause(error: CairnError | undefined): CairnError {
  if (error === undefined) return new CairnError('CONNECTION_LOST', 'the connection ended');
  if (error.code === 'CONNECTION_LOST') return error;
  return new CairnError('CONNECTION_LOST', error.message, { cause: error });
}
