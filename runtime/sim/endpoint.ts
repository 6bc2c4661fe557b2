/**
 * One end of a simulated TCP connection: the kernel's part (buffers, window, retransmission) and the process's
 * (`Connection`). What it sends goes through one first-in-first-out flight, so bytes arrive in order, late or never:
 *
 *     send() ─► waiting ─► unsent (send buffer) ─► flight ═ cable ═► received (window) ─► onData()
 *               callers'   copied; promise         head retried       torn and joined
 *               memory     settles                 until it arrives   by the seed
 */
import { CairnError } from '../../base/errors.js';
import { invariant, InvariantError } from '../../base/invariant.js';
import type { Address, Connection, ConnectionHandlers } from '../network.js';
import { type Fabric, type Host, retransmitMsMax, retransmitMsMin, showAddress } from './fabric.js';
import { LentBuffers, poison } from './lent.js';
import type { Resource, SimProcess } from './process.js';
import { ReceiveQueue } from './receive-queue.js';
import { SendQueue, type WaitingSend } from './send-queue.js';

/** Like a kernel that hands packets of up to 64 KiB to its card (GSO). */
const segmentBytesMax = 65_536;

/** From the kernel's buffer to the process and back: a wake-up (docs/NODE-LIMITS.md 4), in ms. */
const wakeUpMs = 0.01;

/** As the real runtime asks of Linux: first probe, interval (tcp_keepalive_intvl), count (tcp_keepalive_probes). */
const keepAlive = { idleMs: 15_000, intervalMs: 75_000, probes: 9 };

interface Segment {
  /** `open` completes the handshake at the accepting end; `end` is a FIN. */
  readonly kind: 'open' | 'data' | 'end';
  readonly bytes: Uint8Array | undefined;
  readonly arrival: number;
}

export interface EndpointParts {
  readonly fabric: Fabric;
  readonly process: SimProcess;
  readonly host: Host;
  readonly peerHost: Host;
  readonly local: Address;
  readonly remote: Address;
}

export class Endpoint implements Connection, Resource {
  readonly local: Address;
  readonly remote: Address;
  readonly tlsPeer = undefined;
  readonly host: Host;
  readonly #peerHost: Host;
  readonly #fabric: Fabric;
  readonly #process: SimProcess;
  /** The other end, while it exists as far as this end's kernel can know. */
  #peer: Endpoint | undefined;
  /** Makes the other end when the `open` segment arrives; `undefined` when nobody listens there any more. */
  #accept: (() => Endpoint | undefined) | undefined;
  onGone: (() => void) | undefined;

  // The sending side.
  readonly #outgoing: SendQueue;
  #flight: Segment[] = [];
  #flightBytes = 0;
  #isFlying = false;
  #isWindowFull = false;
  #lastArrival = 0;
  #retransmitMs = retransmitMsMin;
  #troubleSince: number | undefined;
  #hasEnded = false;
  #endIsSent = false;

  // The receiving side.
  readonly #received: ReceiveQueue;
  #endIsReceived = false;
  #peerEnded = false;
  #isPaused = false;
  /** Chunks that still arrive after `pause`. */
  #leaks = 0;
  #isDelivering = false;

  /** The kernel knows the connection. */
  #exists = true;
  /** Nobody in the process hears of it any more. */
  #isOrphan = false;
  #handlers: ConnectionHandlers | undefined;
  #isClosed = false;
  #closeError: CairnError | undefined;
  /** The connection is lost, and the process learns it when it has read what came before. */
  #lossAfterData: CairnError | undefined;

  constructor(parts: EndpointParts) {
    this.local = parts.local;
    this.remote = parts.remote;
    this.host = parts.host;
    this.#peerHost = parts.peerHost;
    this.#fabric = parts.fabric;
    this.#process = parts.process;
    this.#outgoing = new SendQueue(this.#fabric.sendBufferBytes);
    this.#received = new ReceiveQueue(this.#fabric.prng);
    this.host.endpoints.add(this);
    this.#process.resources.add(this);
  }

  /** Of the end that dialled: the handshake's last packet makes the other end. */
  open(accept: () => Endpoint | undefined): void {
    this.#accept = accept;
    this.#launch('open', undefined);
  }

  /** Of the end that accepted. */
  connectTo(peer: Endpoint): void {
    this.#peer = peer;
  }

  /** An end that is handed to a process is started in that turn; the end that nobody starts would hang for ever. */
  expectStart(): void {
    this.#fabric.scheduler.after(0, this.#process, 'net.check-start', () => {
      if (this.#handlers !== undefined || !this.#exists || this.#isClosed) return;
      this.#process.fatal(
        new InvariantError('a connection is started in the turn that obtained it', {
          remote: showAddress(this.remote),
        }),
      );
    });
  }

  start(handlers: ConnectionHandlers): void {
    invariant(this.#handlers === undefined, 'a connection is started once');
    this.#handlers = handlers;
    if (this.#isClosed) this.#announceClose();
    else this.#deliverSoon();
  }

  send(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#process.isAlive && this.#hasEnded) return Promise.reject(this.#closedHere('send'));
    if (this.#process.isAlive && this.#isClosed) return Promise.reject(this.#closeError ?? this.#closedHere('send'));
    if (this.#process.isAlive && this.#lossAfterData !== undefined) return Promise.reject(this.#lossAfterData);
    return new Promise((resolve, reject) => {
      if (!this.#process.isAlive) return;
      const lent = new LentBuffers(`send to ${showAddress(this.remote)}`, chunks);
      this.#outgoing.add({ chunks: [...chunks], lent, resolve, reject });
      this.#pump();
    });
  }

  pause(): void {
    if (!this.#isPaused && this.#handlers !== undefined) this.#leaks = this.#fabric.prng.below(2);
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#deliverSoon();
  }

  end(): void {
    if (this.#hasEnded || this.#isClosed || !this.#process.isAlive) return;
    this.#hasEnded = true;
    this.#pump();
    this.#closeIfDone();
  }

  destroy(): void {
    if (this.#isClosed || !this.#process.isAlive) return;
    const isOrderly = this.#isOrderly();
    this.#close(isOrderly ? undefined : this.#closedHere('continue'));
    if (!isOrderly) this.#reset();
  }

  /** The kernel closes for a dead process: with a reset when bytes were unread, else as a rule in seeming good order. */
  onProcessDeath(): void {
    this.#isOrphan = true;
    this.#outgoing.dropWaiting();
    if (!this.#exists) return;
    if (this.#received.bytes > 0 || this.#fabric.prng.chance(0.5)) {
      this.#reset();
    } else {
      this.#hasEnded = true;
      this.#pump();
    }
  }

  /** The machine lost its power. */
  vanish(): void {
    this.#isOrphan = true;
    this.#forget();
    this.#peer?.probe();
  }

  describeWaiting(): string | undefined {
    if (this.#isClosed) return undefined;
    const parts = [`connection ${showAddress(this.local)} > ${showAddress(this.remote)}`];
    if (this.#outgoing.waitingCount > 0) parts.push(`${this.#outgoing.waitingCount} sends wait for room`);
    if (this.#outgoing.bufferedBytes > 0) parts.push(`${this.#outgoing.bufferedBytes} bytes not acknowledged`);
    if (this.#received.bytes > 0) parts.push(`${this.#received.bytes} bytes unread${this.#isPaused ? ', paused' : ''}`);
    if (this.#hasEnded) parts.push('ended here');
    if (this.#peerEnded) parts.push('ended there');
    return parts.join(', ');
  }

  /** The other end may be gone without a word: ask it now and then, as the kernel's keep-alive does. */
  probe(round = 0): void {
    const { scheduler } = this.#fabric;
    if (!this.#exists) return;
    scheduler.after(round === 0 ? keepAlive.idleMs : keepAlive.intervalMs, this.host.kernel, 'net.probe', () => {
      if (!this.#exists) return;
      const answers =
        this.#fabric.reaches(this.host, this.#peerHost) && this.#fabric.reaches(this.#peerHost, this.host);
      if (answers) this.#lose('the other end no longer knows the connection (reset)');
      else if (round + 1 >= keepAlive.probes) this.#lose('the other end is silent (keep-alive)');
      else this.probe(round + 1);
    });
  }

  /** Takes from callers into the send buffer and from there onto the cable, as room and window allow. */
  #pump(): void {
    if (!this.#exists) return;
    for (const send of this.#outgoing.fill(() => this.#segmentBytes())) this.#settle(send, undefined);
    for (let segment = this.#outgoing.firstUnsent; segment !== undefined; segment = this.#outgoing.firstUnsent) {
      const unread = this.#peer === undefined ? 0 : this.#peer.#received.bytes;
      const window = this.#fabric.receiveBufferBytes - this.#flightBytes - unread;
      this.#isWindowFull = segment.byteLength > window;
      if (this.#isWindowFull) return;
      this.#outgoing.shiftUnsent();
      this.#launch('data', segment);
    }
    if (this.#hasEnded && !this.#endIsSent && this.#outgoing.waitingCount === 0) {
      this.#endIsSent = true;
      this.#launch('end', undefined);
    }
  }

  /** Packets are cut anywhere: most are full, some are tiny. */
  #segmentBytes(): number {
    const most = Math.min(segmentBytesMax, this.#fabric.receiveBufferBytes >> 2);
    return this.#fabric.prng.chance(0.9) ? most : 1 + this.#fabric.prng.below(most);
  }

  #settle(send: WaitingSend, error: CairnError | undefined): void {
    this.#process.wake('net.sent', wakeUpMs, () => {
      const changed = send.lent.check();
      if (changed !== undefined) this.#process.fatal(changed);
      else if (error === undefined) send.resolve();
      else send.reject(error);
    });
  }

  #launch(kind: Segment['kind'], bytes: Uint8Array | undefined): void {
    const { scheduler } = this.#fabric;
    const size = bytes?.byteLength ?? 0;
    const arrival = scheduler.now + this.#fabric.transit(this.host, this.#peerHost, size + 64);
    this.#lastArrival = Math.max(this.#lastArrival, arrival);
    this.#flight.push({ kind, bytes, arrival: this.#lastArrival });
    this.#flightBytes += size;
    this.#fly();
  }

  /** One event for the head of the flight; what is behind it cannot arrive sooner. */
  #fly(): void {
    const [head] = this.#flight;
    if (this.#isFlying || head === undefined) return;
    this.#isFlying = true;
    const { scheduler } = this.#fabric;
    scheduler.at(Math.max(head.arrival, scheduler.now), scheduler.world, 'net.packet', () => {
      this.#isFlying = false;
      this.#arriveHead();
    });
  }

  #arriveHead(): void {
    const [head] = this.#flight;
    if (!this.#exists || head === undefined) return;
    if (!this.#fabric.reaches(this.host, this.#peerHost)) {
      this.#retransmitLater();
      return;
    }
    if (head.kind === 'open') this.#peer = this.#accept?.();
    if (this.#peer === undefined || !this.#peer.#takes(head)) {
      // Nobody there knows the connection; unless the answer gets lost, too.
      if (this.#fabric.reaches(this.#peerHost, this.host)) this.#answerReset();
      else this.#retransmitLater();
      return;
    }
    this.#flight.shift();
    this.#retransmitMs = retransmitMsMin;
    const size = head.bytes?.byteLength ?? 0;
    this.#flightBytes -= size;
    this.#fabric.scheduler.note('net.arrived', showAddress(this.#peer.local), size, head.kind === 'end' ? 1 : 0);
    this.#acknowledge(size);
    this.#peer.#receive(head);
    if (head.kind === 'end') this.#forgetIfOver();
    this.#fly();
  }

  /** Whether this end still wants what arrives; a dead process's end takes nothing but the end. */
  #takes(segment: Segment): boolean {
    return this.#exists && !(this.#isOrphan && segment.kind === 'data') && !(this.#isClosed && !this.#isOrderly());
  }

  #receive(segment: Segment): void {
    if (segment.bytes !== undefined) this.#received.push(segment.bytes);
    if (segment.kind === 'end') this.#endIsReceived = true;
    if (segment.kind === 'end' && this.#isOrphan) this.#forgetIfOver();
    this.#deliverSoon();
  }

  /** The acknowledgement frees the send buffer. Lost, it comes with a later retransmission. */
  #acknowledge(bytes: number): void {
    const { scheduler } = this.#fabric;
    if (bytes === 0) return;
    const delay = this.#fabric.transit(this.#peerHost, this.host, 0);
    scheduler.after(delay, scheduler.world, 'net.ack', () => this.#onAcknowledged(bytes, retransmitMsMin));
  }

  #onAcknowledged(bytes: number, retryMs: number): void {
    if (!this.#exists) return;
    const { scheduler } = this.#fabric;
    if (!this.#fabric.reaches(this.#peerHost, this.host)) {
      if (this.#hasGivenUp()) return;
      const next = Math.min(retryMs * 2, retransmitMsMax);
      scheduler.after(retryMs, this.host.kernel, 'net.ack-again', () => this.#onAcknowledged(bytes, next));
      return;
    }
    this.#troubleSince = undefined;
    this.#outgoing.acknowledge(bytes);
    if (!this.#outgoing.isEmpty) this.#pump();
  }

  #retransmitLater(): void {
    if (this.#hasGivenUp()) return;
    const { scheduler } = this.#fabric;
    const delay = this.#retransmitMs;
    this.#retransmitMs = Math.min(delay * 2, retransmitMsMax);
    this.#isFlying = true;
    scheduler.after(delay, this.host.kernel, 'net.retransmit', () => {
      scheduler.after(this.#fabric.transit(this.host, this.#peerHost, 0), scheduler.world, 'net.packet', () => {
        this.#isFlying = false;
        this.#arriveHead();
      });
    });
  }

  #hasGivenUp(): boolean {
    const { scheduler, retransmitTimeoutMs } = this.#fabric;
    this.#troubleSince ??= scheduler.now;
    if (scheduler.now - this.#troubleSince <= retransmitTimeoutMs) return false;
    this.#lose('nothing got through (timeout)');
    return true;
  }

  #deliverSoon(): void {
    if (this.#isDelivering || this.#handlers === undefined || this.#isClosed || this.#isOrphan) return;
    if (this.#received.bytes === 0 && (!this.#endIsReceived || this.#peerEnded)) return;
    if (this.#isPaused && (this.#received.bytes === 0 || this.#leaks === 0)) return;
    this.#leaks = Math.max(0, this.#leaks - 1);
    this.#isDelivering = true;
    this.#process.wake('net.deliver', wakeUpMs, () => {
      this.#isDelivering = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#isClosed || this.#handlers === undefined) return;
    const chunk = this.#received.take();
    if (chunk !== undefined) {
      const peer = this.#peer;
      if (peer !== undefined && peer.#isWindowFull) this.#reopenWindow(peer);
      this.#handlers.onData(chunk);
      poison(chunk);
    } else if (this.#endIsReceived && !this.#peerEnded) {
      this.#peerEnded = true;
      this.#handlers.onEnd();
      this.#closeIfDone();
    }
    if (this.#lossAfterData !== undefined && this.#received.bytes === 0) this.#close(this.#lossAfterData);
    this.#deliverSoon();
  }

  #reopenWindow(peer: Endpoint): void {
    const { scheduler } = this.#fabric;
    peer.#isWindowFull = false;
    const delay = this.#fabric.transit(this.host, this.#peerHost, 0);
    scheduler.after(delay, scheduler.world, 'net.window', () => peer.#onWindow(retransmitMsMin));
  }

  /** A lost window update is asked for again (the "persist timer"). */
  #onWindow(retryMs: number): void {
    if (!this.#exists) return;
    if (this.#fabric.reaches(this.#peerHost, this.host)) {
      this.#pump();
      return;
    }
    const next = Math.min(retryMs * 2, retransmitMsMax);
    this.#fabric.scheduler.after(retryMs, this.host.kernel, 'net.window-again', () => this.#onWindow(next));
  }

  /** Tells the other end that the connection is no more; if that gets lost, it finds out when it sends or probes. */
  #reset(): void {
    const { scheduler } = this.#fabric;
    const peer = this.#peer;
    const isOpening = this.#flight[0]?.kind === 'open';
    this.#forget();
    if (isOpening || peer === undefined) return;
    scheduler.after(this.#fabric.transit(this.host, this.#peerHost, 64), scheduler.world, 'net.reset', () => {
      if (!this.#fabric.reaches(this.host, this.#peerHost)) peer.probe();
      else peer.#lose('the other end reset it');
    });
  }

  #answerReset(): void {
    const { scheduler } = this.#fabric;
    this.#isFlying = true;
    scheduler.after(this.#fabric.transit(this.#peerHost, this.host, 64), scheduler.world, 'net.reset', () => {
      this.#isFlying = false;
      if (this.#fabric.reaches(this.#peerHost, this.host))
        this.#lose('the other end no longer knows the connection (reset)');
      else this.#retransmitLater();
    });
  }

  /** The kernel gives the connection up; the process hears of it, perhaps after what was received before. */
  #lose(why: string): void {
    if (!this.#exists) return;
    const message = `the connection to ${showAddress(this.remote)} was lost: ${why}`;
    this.#fabric.scheduler.note('net.lost', showAddress(this.local), 0, 0, why);
    this.#forget();
    if (this.#isOrphan) return;
    const error = new CairnError('CONNECTION_LOST', message, { applied: 'maybe' });
    const isRead = this.#received.bytes > 0 && this.#handlers !== undefined && !this.#isPaused;
    if (isRead && this.#fabric.prng.chance(0.5)) this.#lossAfterData = error;
    else this.#close(error);
  }

  /** Both ends have ended: the kernels are done with each other. */
  #forgetIfOver(): void {
    const sentAll = this.#endIsSent && this.#flight.length === 0;
    if (sentAll && this.#endIsReceived) this.#forget();
  }

  #forget(): void {
    if (!this.#exists) return;
    this.#exists = false;
    this.#flight = [];
    this.#outgoing.dropUnsent();
    this.host.endpoints.delete(this);
    this.onGone?.();
  }

  #isOrderly(): boolean {
    return this.#hasEnded && this.#outgoing.waitingCount === 0 && this.#peerEnded;
  }

  #closeIfDone(): void {
    if (!this.#isClosed && this.#isOrderly()) this.#close(undefined);
  }

  #close(error: CairnError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeError = error;
    this.#received.clear();
    const failure = error ?? this.#closedHere('send');
    for (const send of this.#outgoing.dropWaiting()) this.#settle(send, failure);
    if (this.#handlers === undefined) this.#process.resources.delete(this);
    else this.#announceClose();
  }

  /** After the rejections of the sends it takes along. */
  #announceClose(): void {
    this.#process.wake('net.close', wakeUpMs, () => {
      this.#process.resources.delete(this);
      this.#handlers?.onClose(this.#closeError);
    });
  }

  #closedHere(deed: string): CairnError {
    const message = `cannot ${deed}: this end closed the connection to ${showAddress(this.remote)}`;
    return new CairnError('CLOSED', message, { applied: 'maybe' });
  }
}
