/**
 * Requests and messages that the peer makes on one connection: each holds credit from the moment its prefix arrives
 * until its reply leaves, or, without one, its handler is done: so the window bounds the replies that nobody reads, too.
 * Handlers start in the order received. While too many bytes of replies wait for a slow
 * reader, none starts; replies never wait for anything but the socket, so the line always moves on.
 */
import { CairnError, toCairnError } from '../base/errors.js';
import { monotonicMs, type MonotonicMs } from '../base/instants.js';
import type { Clock } from '../runtime/clock.js';
import type { Memory } from '../runtime/memory.js';
import { creditWindows } from './credit.js';
import type { Deadlines, DeadlineEntry, Expirable } from './deadlines.js';
import { frameCost, frameTypes, noDeadline, prefixBytes, type FramePrefix } from './frame.js';
import { decodeHeader, viewEncodedHeader } from './header-codec.js';
import { checkOutgoing, levelCount, type ReceiveLimits, type ResolvedConnectionOptions } from './limits.js';
import type { LimitedLog } from './limited-log.js';
import type { HandlerTable, IncomingRequest, Registration } from './handlers.js';
import type { OutgoingReply } from './method.js';
import type { WireMetrics } from './metrics.js';
import type { FrameOwner, Outbox } from './outbox.js';
import { payloadPieces } from './payload.js';
import type { Peer } from './peer.js';
import { viewEncodedError } from './wire-error.js';

export interface IncomingCollaborators {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly deadlines: Deadlines;
  readonly metrics: WireMetrics;
  readonly memory: Memory;
  readonly handlers: HandlerTable;
  readonly peer: Peer;
  readonly peerLimits: ReceiveLimits;
  readonly log: LimitedLog;
}

const noBytes = new Uint8Array(0);
const noPieces: readonly Uint8Array[] = [];

export class IncomingCalls {
  readonly #options: ResolvedConnectionOptions;
  readonly #with: IncomingCollaborators;
  readonly #windows;
  readonly #running = new Map<number, IncomingCall>();
  readonly #messages = new Set<IncomingCall>();
  #line: IncomingCall[] = [];
  readonly #owed = Array.from({ length: levelCount }, () => ({ messages: 0, bytes: 0 }));
  #owesCredit = false;
  #closedBy: CairnError | undefined;
  readonly #prefix: FramePrefix = {
    type: frameTypes.response,
    level: 0,
    requestId: 0,
    headerBytes: 0,
    payloadBytes: 0,
    deadlineMs: noDeadline,
    method: 0,
  };

  constructor(options: ResolvedConnectionOptions, collaborators: IncomingCollaborators) {
    this.#options = options;
    this.#with = collaborators;
    this.#windows = creditWindows({ messages: options.windowMessages, bytes: options.windowBytes });
  }

  /** Takes the credit of a request or message whose prefix has arrived. Throws `PROTOCOL_ERROR` when it overruns. */
  admit(prefix: Readonly<FramePrefix>): void {
    const window = this.#windows[prefix.level];
    if (window?.take(frameCost(prefix.headerBytes, prefix.payloadBytes)) !== true) {
      throw new CairnError('PROTOCOL_ERROR', 'the peer sent more than its credit allows');
    }
    if (prefix.type === frameTypes.request && this.#running.has(prefix.requestId)) {
      throw new CairnError('PROTOCOL_ERROR', `the peer used request id ${prefix.requestId} twice`);
    }
  }

  /** A whole `request` or `oneWay` frame. */
  receive(prefix: Readonly<FramePrefix>, source: Uint8Array, start: number, end: number, payload: Uint8Array): void {
    const deadline =
      prefix.deadlineMs === noDeadline ? undefined : monotonicMs(this.#with.clock.now() + prefix.deadlineMs);
    const registration = this.#with.handlers.find(prefix.method);
    const call = new IncomingCall(this, this.#with.peer, prefix, registration, payload, deadline);
    if (call.isRequest) this.#running.set(call.id, call);
    else this.#messages.add(call);
    this.#with.metrics.handlersRunning++;
    try {
      call.header = decodeHeader(source, start, end);
    } catch (error) {
      this.#fail(call, toCairnError(error));
      return;
    }
    if (deadline !== undefined) call.deadlineEntry = this.#with.deadlines.add(deadline, call);
    if (this.#line.length > 0 || this.#isHeldBack()) this.#holdBack(call);
    else this.#start(call);
  }

  cancel(requestId: number): void {
    this.#running.get(requestId)?.abort(new CairnError('CANCELLED', 'the caller withdrew the request'));
  }

  /** Starts what was held back, as far as the queue of replies allows. */
  pump(): void {
    while (this.#line.length > 0 && !this.#isHeldBack()) {
      // Taken out first: a handler may close the connection, which counts what is still in line.
      const call = this.#line.shift();
      this.#with.metrics.requestsHeldBack--;
      if (call !== undefined) this.#start(call);
    }
  }

  /** Queues one credit frame per level that owes any. */
  payCredit(): void {
    if (!this.#owesCredit || this.#closedBy !== undefined) return;
    this.#owesCredit = false;
    for (let level = 0; level < levelCount; level++) {
      const owed = this.#owed[level];
      if (owed === undefined || owed.messages === 0) continue;
      const prefix = { ...this.#prefix, type: frameTypes.credit, level, headerBytes: 0, payloadBytes: 0 };
      this.#with.outbox.queue({ ...prefix, requestId: owed.messages, method: owed.bytes }, noBytes);
      owed.messages = 0;
      owed.bytes = 0;
    }
  }

  /** Aborts every handler; their results go nowhere. */
  close(reason: CairnError): void {
    this.#closedBy = reason;
    const { metrics } = this.#with;
    metrics.requestsHeldBack -= this.#line.length;
    metrics.handlersRunning -= this.#running.size + this.#messages.size;
    this.#line = [];
    const calls = [...this.#running.values(), ...this.#messages];
    this.#running.clear();
    this.#messages.clear();
    for (const call of calls) call.abort(reason);
  }

  #isHeldBack(): boolean {
    return this.#with.outbox.queuedBytes > this.#options.replyQueueBytesMax;
  }

  #holdBack(call: IncomingCall): void {
    this.#line.push(call);
    this.#with.metrics.requestsHeldBack++;
  }

  #start(call: IncomingCall): void {
    const { registration } = call;
    if (registration === undefined) {
      const sentence = `${this.#with.peer.name} asked for method ${call.method}, which this version does not know`;
      this.#fail(call, new CairnError('UNSUPPORTED', sentence));
      return;
    }
    const early = call.endedBy ?? this.#expired(call);
    if (early !== undefined) {
      this.#fail(call, early);
      return;
    }
    this.#run(call, registration);
  }

  #run(call: IncomingCall, registration: Registration): void {
    try {
      const result = registration.run(call);
      if (result instanceof Promise) {
        result.then(
          (reply: unknown) => this.#finish(call, reply),
          (error: unknown) => this.#failed(call, error),
        );
      } else {
        this.#finish(call, result);
      }
    } catch (error) {
      this.#failed(call, error);
    }
  }

  #expired(call: IncomingCall): CairnError | undefined {
    if (call.deadline === undefined || this.#with.clock.now() < call.deadline) return undefined;
    return new CairnError('DEADLINE_EXCEEDED', 'the deadline passed before the handler started');
  }

  #finish(call: IncomingCall, result: unknown): void {
    // The handler's type says so; one that returns something else is answered with what can be read of it.
    const reply = (result ?? emptyReply) as OutgoingReply<unknown>;
    if (this.#closedBy !== undefined || !call.isRequest) {
      this.#done(call);
      reply.released?.();
      return;
    }
    try {
      this.#queueReply(call, reply);
    } catch (error) {
      reply.released?.();
      this.#failed(call, new CairnError('INTERNAL', 'the reply cannot be sent', { cause: error, applied: 'maybe' }));
      return;
    }
    this.#done(call);
  }

  #queueReply(call: IncomingCall, reply: OutgoingReply<unknown>): void {
    const viewHeader = viewEncodedHeader(reply.header);
    const pieces = payloadPieces(reply.payload);
    let payloadBytes = 0;
    for (const piece of pieces) payloadBytes += piece.byteLength;
    checkOutgoing(this.#with.peerLimits, viewHeader.byteLength, payloadBytes);
    const prefix = this.#prefix;
    prefix.type = frameTypes.response;
    prefix.requestId = call.id;
    prefix.headerBytes = viewHeader.byteLength;
    prefix.payloadBytes = payloadBytes;
    this.#with.outbox.queue(prefix, viewHeader, pieces, call);
    call.released = reply.released;
  }

  /** The fence around handlers: what is not an operational error is a bug of this end, and that request's only. */
  #failed(call: IncomingCall, thrown: unknown): void {
    if (thrown instanceof CairnError && thrown.code !== 'INTERNAL') {
      this.#fail(call, thrown);
      return;
    }
    this.#with.metrics.handlersFailed++;
    const fields = { method: call.method, peer: this.#with.peer.name, err: thrown };
    this.#with.log.error(fields, 'handler failed unexpectedly');
    const { message } = toCairnError(thrown);
    const { details } = toCairnError(thrown);
    this.#fail(call, new CairnError('INTERNAL', message, { applied: 'maybe', details, cause: thrown }));
  }

  #fail(call: IncomingCall, error: CairnError): void {
    if (this.#closedBy === undefined && call.isRequest) this.#queueError(call, error);
    this.#done(call);
  }

  #queueError(call: IncomingCall, error: CairnError): void {
    const viewHeader = viewEncodedError(error, this.#with.peerLimits.headerBytesMax);
    const prefix = this.#prefix;
    prefix.type = frameTypes.error;
    prefix.requestId = call.id;
    prefix.headerBytes = viewHeader.byteLength;
    prefix.payloadBytes = 0;
    this.#with.outbox.queue(prefix, viewHeader, noPieces, call);
  }

  /** The payload of a request is nobody's any more. */
  releasePayload(payload: Uint8Array): void {
    if (payload.byteLength > 0) this.#with.memory.give(payload);
  }

  /** The reply leaves, and the credit with it: an honest peer cannot have counted on it earlier. */
  replyLeft(call: IncomingCall): void {
    this.#windows[call.level]?.give(1, call.cost);
  }

  /** The handler is done. The credit of a message is owed in a credit frame. */
  #done(call: IncomingCall): void {
    if (call.deadlineEntry !== undefined) this.#with.deadlines.remove(call.deadlineEntry);
    if (this.#closedBy !== undefined) return;
    this.#with.metrics.handlersRunning--;
    if (call.isRequest) {
      this.#running.delete(call.id);
      return;
    }
    this.#messages.delete(call);
    this.#windows[call.level]?.give(1, call.cost);
    const owed = this.#owed[call.level];
    if (owed === undefined) return;
    owed.messages++;
    owed.bytes += call.cost;
    this.#owesCredit = true;
    if (this.#isCreditDue(call.level, owed)) this.#with.outbox.wake();
  }

  /**
   * Credit rides along with whatever is sent next; a frame for itself would wake both ends once more for each message. It is
   * due when the peer, which counts what is owed as used, would have less than half of the messages left, or no room for
   * the longest: so nobody waits for credit that is merely owed.
   */
  #isCreditDue(level: number, owed: { readonly messages: number; readonly bytes: number }): boolean {
    const window = this.#windows[level];
    if (window === undefined) return false;
    const { headerBytesMax, payloadBytesMax } = this.#options;
    const bytesFree = window.bytesMax - window.bytes - owed.bytes;
    return (
      2 * (window.messages + owed.messages) > window.messagesMax ||
      bytesFree < prefixBytes + headerBytesMax + payloadBytesMax
    );
  }
}

const emptyReply: OutgoingReply<undefined> = { header: undefined };

/** One request or message; the owner of its reply. */
class IncomingCall implements IncomingRequest<never>, Expirable, FrameOwner {
  readonly peer: Peer;
  readonly id: number;
  readonly level: number;
  readonly cost: number;
  readonly isRequest: boolean;
  readonly registration: Registration | undefined;
  readonly #methodId: number;
  readonly payload: Uint8Array;
  readonly deadline: MonotonicMs | undefined;
  deadlineEntry: DeadlineEntry | undefined;
  /** Why the signal aborts. */
  endedBy: CairnError | undefined;
  /** Told when the payload of the reply is the handler's again. */
  released: (() => void) | undefined;
  readonly #calls: IncomingCalls;
  #header: unknown;
  /** Made when somebody asks: 2 us that most handlers do not need. */
  #controller: AbortController | undefined;

  constructor(
    calls: IncomingCalls,
    peer: Peer,
    prefix: Readonly<FramePrefix>,
    registration: Registration | undefined,
    payload: Uint8Array,
    deadline: MonotonicMs | undefined,
  ) {
    this.#calls = calls;
    this.peer = peer;
    this.id = prefix.requestId;
    this.level = prefix.level;
    this.cost = frameCost(prefix.headerBytes, prefix.payloadBytes);
    this.isRequest = prefix.type === frameTypes.request;
    this.registration = registration;
    this.#methodId = prefix.method;
    this.payload = payload;
    this.deadline = deadline;
  }

  /** What the peer sent: the handler's declared type is the peer's claim, and the protocol above checks what it needs. */
  get header(): never {
    return this.#header as never;
  }

  set header(value: unknown) {
    this.#header = value;
  }

  get method(): string {
    return this.registration?.name ?? `0x${this.#methodId.toString(16)}`;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.endedBy !== undefined) this.#controller.abort(this.endedBy);
    }
    return this.#controller.signal;
  }

  release(): void {
    this.#calls.releasePayload(this.payload);
  }

  frameLeft(): void {
    this.#calls.replyLeft(this);
  }

  frameReleased(): void {
    this.released?.();
  }

  expire(): void {
    this.abort(new CairnError('DEADLINE_EXCEEDED', 'the deadline passed'));
  }

  abort(reason: CairnError): void {
    if (this.endedBy !== undefined) return;
    this.endedBy = reason;
    this.#controller?.abort(reason);
  }
}
