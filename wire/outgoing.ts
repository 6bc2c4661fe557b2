/**
 * Calls and messages that this end makes on one connection.
 *
 *     waiting ──credit──► queued ──flush──► left ──reply──► done
 *        │                   │                │
 *        └─ withdrawn, applied: no ───────────└─ cancelled: abandoned until its reply brings the credit back
 *
 * The credit of a call comes back with its reply, that of a one-way message in a `credit` frame. Every call that left
 * gets exactly one reply, cancelled or not, so ids and credit are never in doubt.
 */
import { CairnError, isCairnError, type Applied, type ErrorCode } from '../base/errors.js';
import type { MonotonicMs } from '../base/instants.js';
import type { Clock } from '../runtime/clock.js';
import type { Memory } from '../runtime/memory.js';
import { creditWindows } from './credit.js';
import type { Deadlines, DeadlineEntry, Expirable } from './deadlines.js';
import { frameCost, frameTypes, noDeadline, type FramePrefix } from './frame.js';
import { decodeHeader, viewEncodedHeader } from './header-codec.js';
import { checkOutgoing, levelCount, type ReceiveLimits, type ResolvedConnectionOptions } from './limits.js';
import type { Method, Payload, Reply } from './method.js';
import type { WireMetrics } from './metrics.js';
import type { FrameOwner, Outbox, QueuedFrame } from './outbox.js';
import { payloadPieces } from './payload.js';
import type { CallOptions } from './peer.js';
import { decodeError } from './wire-error.js';
import type { Withdrawable, Withdrawal } from './withdrawal.js';

export interface OutgoingCollaborators {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly deadlines: Deadlines;
  readonly metrics: WireMetrics;
  readonly memory: Memory;
  readonly peerName: string;
  readonly peerLimits: ReceiveLimits;
}

interface MessageParts {
  readonly method: Method<unknown, unknown>;
  readonly level: number;
  readonly headerBytes: number;
  readonly payloadBytes: number;
  readonly pieces: readonly Uint8Array[];
  readonly deadline: MonotonicMs | undefined;
  readonly signal: AbortSignal | undefined;
  readonly withdrawal: Withdrawal | undefined;
}

const noBytes = new Uint8Array(0);

export class OutgoingCalls {
  readonly #options: ResolvedConnectionOptions;
  readonly #with: OutgoingCollaborators;
  readonly #windows;
  /** By level; a set keeps the order and forgets in one step. */
  readonly #waiting = Array.from({ length: levelCount }, () => new Set<OutgoingMessage>());
  readonly #waitingBytes = Array.from({ length: levelCount }, () => 0);
  /** Calls that were queued and have no reply yet, cancelled ones too. */
  readonly #pending = new Map<number, OutgoingMessage>();
  /** One-way messages between queue and kernel. */
  readonly #tells = new Set<OutgoingMessage>();
  readonly #prefix: FramePrefix = {
    type: frameTypes.request,
    level: 0,
    requestId: 0,
    headerBytes: 0,
    payloadBytes: 0,
    deadlineMs: noDeadline,
    method: 0,
  };
  #lastId = 0;
  #closedBy: CairnError | undefined;

  constructor(options: ResolvedConnectionOptions, collaborators: OutgoingCollaborators) {
    this.#options = options;
    this.#with = collaborators;
    const { windowMessages, windowBytes } = collaborators.peerLimits;
    this.#windows = creditWindows({ messages: windowMessages, bytes: windowBytes });
  }

  call<Req, Rep>(method: Method<Req, Rep>, header: Req, options: CallOptions): Promise<Reply<Rep>> {
    return new Promise<Reply<Rep>>((resolve, reject) => {
      // The reply's header is what the other end sent for this method: its type is the method's promise.
      const settle = resolve as (reply: Reply<unknown> | undefined) => void;
      this.#start(method, header, options, { isCall: true, resolve: settle, reject });
    });
  }

  tell<Req>(method: Method<Req, undefined>, header: Req, options: CallOptions): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#start(method, header, options, { isCall: false, resolve: () => resolve(), reject });
    });
  }

  /** As `tell`, but only of the end of its payload anybody is told. */
  post<Req>(
    method: Method<Req, undefined>,
    header: Req,
    payload: Payload | undefined,
    released: (() => void) | undefined,
  ): void {
    try {
      this.#start(
        method,
        header,
        { payload },
        released === undefined ? nobody : { isCall: false, resolve: released, reject: released },
      );
    } catch (error) {
      if (!isCairnError(error) || error.code === 'INVALID_ARGUMENT') throw error;
      released?.();
    }
  }

  /** The prefix of a `response`, before its payload is allocated. Throws `PROTOCOL_ERROR` when nobody waits for it. */
  admit(prefix: Readonly<FramePrefix>): void {
    this.#awaited(prefix.requestId);
  }

  /** A `response` or `error` frame. Throws `PROTOCOL_ERROR` when nobody waits for it. */
  reply(prefix: Readonly<FramePrefix>, viewSource: Uint8Array, start: number, end: number, payload: Uint8Array): void {
    const message = this.#awaited(prefix.requestId);
    this.#pending.delete(prefix.requestId);
    this.#with.metrics.callsPending--;
    const { level } = message.parts;
    this.#windows[level]?.give(1, message.cost);
    this.#settleWithReply(message, prefix.type === frameTypes.error, viewSource, start, end, payload);
    if (this.#waiting[level]?.size !== 0) this.#pump(level);
  }

  /** A `credit` frame. */
  credit(level: number, messages: number, bytes: number): void {
    this.#windows[level]?.give(messages, bytes);
    this.#pump(level);
  }

  /** Fails everything; what never left with `applied: 'no'`. */
  close(reason: CairnError): void {
    this.#closedBy = reason;
    for (const waiting of this.#waiting) for (const message of waiting) message.fail(reason.code, reason.message);
    const { metrics } = this.#with;
    metrics.callsPending -= this.#pending.size;
    const pending = [...this.#pending.values(), ...this.#tells];
    this.#pending.clear();
    for (const message of pending) message.fail(reason.code, reason.message);
  }

  /** Called by the message when it leaves the waiting line without having been queued. */
  forgetWaiting(message: OutgoingMessage): void {
    const { level } = message.parts;
    if (this.#waiting[level]?.delete(message) !== true) return;
    this.#countWaiting(level, -1, -message.cost);
  }

  /** A message gave up waiting for credit: what stood behind it may need less. */
  leaveLine(message: OutgoingMessage): void {
    this.forgetWaiting(message);
    this.#pump(message.parts.level);
  }

  /** Takes the frame back; its credit returns when its place in the queue is free. False when it has left. */
  withdraw(message: OutgoingMessage, frame: QueuedFrame): boolean {
    if (!this.#with.outbox.withdraw(frame)) return false;
    if (this.#pending.delete(message.id)) this.#with.metrics.callsPending--;
    return true;
  }

  /** The place of a withdrawn frame is free, or a one-way message is with the kernel. */
  released(message: OutgoingMessage, wasWithdrawn: boolean): void {
    this.#tells.delete(message);
    if (!wasWithdrawn || this.#closedBy !== undefined) return;
    this.#windows[message.parts.level]?.give(1, message.cost);
    this.#pump(message.parts.level);
  }

  cancel(message: OutgoingMessage): void {
    if (this.#closedBy !== undefined) return;
    this.#with.outbox.queue({ ...this.#prefix, ...controlPrefix, requestId: message.id }, noBytes);
  }

  forgetDeadline(entry: DeadlineEntry): void {
    this.#with.deadlines.remove(entry);
  }

  errorOf(code: ErrorCode, method: string, sentence: string, applied: Applied): CairnError {
    return new CairnError(code, `${method} to ${this.#with.peerName}: ${sentence}`, { applied });
  }

  #start(
    method: Method<unknown, unknown>,
    header: unknown,
    options: CallOptions,
    settler: Pick<OutgoingMessage, 'isCall' | 'resolve' | 'reject'>,
  ): void {
    const pieces = payloadPieces(options.payload);
    const viewHeader = this.#admit(method, header, options, pieces);
    const parts: MessageParts = {
      method,
      level: options.within === undefined ? 0 : options.within.level + 1,
      headerBytes: viewHeader.byteLength,
      payloadBytes: byteCount(pieces),
      pieces,
      deadline: options.deadline,
      signal: options.signal,
      withdrawal: options.withdrawal,
    };
    const message = new OutgoingMessage(this, parts, settler);
    const waiting = this.#waiting[parts.level];
    if (waiting?.size === 0 && this.#windows[parts.level]?.take(message.cost) === true) {
      this.#queue(message, viewHeader);
    } else {
      this.#wait(message, viewHeader);
    }
    if (options.deadline !== undefined) message.deadlineEntry = this.#with.deadlines.add(options.deadline, message);
    options.signal?.addEventListener('abort', message, { once: true });
    options.withdrawal?.listen(message);
  }

  /** Refuses what cannot be sent at all; returns the encoded header, valid until the next encoding. */
  #admit(
    method: Method<unknown, unknown>,
    header: unknown,
    options: CallOptions,
    pieces: readonly Uint8Array[],
  ): Uint8Array {
    if (this.#closedBy !== undefined) {
      throw this.errorOf(this.#closedBy.code, method.name, this.#closedBy.message, 'no');
    }
    if (options.signal?.aborted === true || options.withdrawal?.reason !== undefined)
      throw this.errorOf('CANCELLED', method.name, 'the caller withdrew it', 'no');
    if (options.deadline !== undefined && options.deadline <= this.#with.clock.now()) {
      throw this.errorOf('DEADLINE_EXCEEDED', method.name, 'the deadline had passed before it was sent', 'no');
    }
    if (options.within !== undefined && options.within.level + 1 >= levelCount) {
      throw this.errorOf('INVALID_ARGUMENT', method.name, `calls within calls nest at most ${levelCount} deep`, 'no');
    }
    const viewHeader = viewEncodedHeader(header);
    checkOutgoing(this.#with.peerLimits, viewHeader.byteLength, byteCount(pieces));
    return viewHeader;
  }

  #queue(message: OutgoingMessage, header: Uint8Array): void {
    const { parts } = message;
    const prefix = this.#prefix;
    if (message.isCall) {
      message.id = this.#nextId();
      this.#pending.set(message.id, message);
      this.#with.metrics.callsPending++;
    } else {
      this.#tells.add(message);
    }
    prefix.type = message.isCall ? frameTypes.request : frameTypes.oneWay;
    prefix.level = parts.level;
    prefix.requestId = message.id;
    prefix.headerBytes = header.byteLength;
    prefix.payloadBytes = parts.payloadBytes;
    prefix.method = parts.method.id;
    message.frame = this.#with.outbox.queue(prefix, header, parts.pieces, message, parts.deadline);
  }

  #wait(message: OutgoingMessage, viewHeader: Uint8Array): void {
    const { level } = message.parts;
    const waiting = this.#waiting[level];
    const bytes = (this.#waitingBytes[level] ?? 0) + message.cost;
    const { waitingMessagesMax, waitingBytesMax } = this.#options;
    if (waiting === undefined || waiting.size >= waitingMessagesMax || bytes > waitingBytesMax) {
      this.#with.metrics.refusals++;
      throw this.errorOf('OVERLOADED', message.parts.method.name, 'too much waits for it already; retry later', 'no');
    }
    message.waitingHeader = Uint8Array.from(viewHeader);
    waiting.add(message);
    this.#countWaiting(level, 1, message.cost);
  }

  /** Queues what waits, in order, as far as the credit goes. */
  #pump(level: number): void {
    const waiting = this.#waiting[level];
    const window = this.#windows[level];
    if (waiting === undefined || window === undefined || this.#closedBy !== undefined) return;
    for (const message of waiting) {
      if (!window.take(message.cost)) return;
      this.forgetWaiting(message);
      const header = message.waitingHeader ?? noBytes;
      message.waitingHeader = undefined;
      this.#queue(message, header);
    }
  }

  #settleWithReply(
    message: OutgoingMessage,
    isError: boolean,
    viewSource: Uint8Array,
    start: number,
    end: number,
    payload: Uint8Array,
  ): void {
    const release = payload.byteLength === 0 ? nothing : () => this.#with.memory.give(payload);
    if (message.isSettled) {
      release();
      return;
    }
    try {
      if (isError) message.settle({ error: decodeError(viewSource, start, end) });
      else message.settle({ reply: { header: decodeHeader(viewSource, start, end), payload, release } });
    } catch (error) {
      const sentence = 'its reply cannot be decoded';
      const { peerName } = this.#with;
      const options = { applied: 'maybe', cause: error } as const;
      message.settle({
        error: new CairnError('PROTOCOL_ERROR', `${message.parts.method.name} to ${peerName}: ${sentence}`, options),
      });
    }
  }

  #awaited(requestId: number): OutgoingMessage {
    const message = this.#pending.get(requestId);
    if (message !== undefined && message.hasLeft) return message;
    throw new CairnError('PROTOCOL_ERROR', `a reply came for request ${requestId}, which nobody made`);
  }

  #countWaiting(level: number, messages: number, bytes: number): void {
    this.#waitingBytes[level] = (this.#waitingBytes[level] ?? 0) + bytes;
    this.#with.metrics.waitingMessages += messages;
    this.#with.metrics.waitingBytes += bytes;
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#pending.has(this.#lastId));
    return this.#lastId;
  }
}

const nobody: Pick<OutgoingMessage, 'isCall' | 'resolve' | 'reject'> = {
  isCall: false,
  resolve: () => undefined,
  reject: () => undefined,
};

const controlPrefix = {
  type: frameTypes.cancel,
  level: 0,
  headerBytes: 0,
  payloadBytes: 0,
  deadlineMs: noDeadline,
  method: 0,
} as const;

type Outcome = { readonly reply: Reply<unknown> } | { readonly error: CairnError };

/** One call or message on its way; it is its own abort listener, deadline and owner of its frame. */
export class OutgoingMessage implements FrameOwner, Expirable, Withdrawable {
  readonly isCall: boolean;
  readonly resolve: (reply: Reply<unknown> | undefined) => void;
  readonly reject: (error: CairnError) => void;
  readonly parts: MessageParts;
  readonly cost: number;
  id = 0;
  frame: QueuedFrame | undefined;
  deadlineEntry: DeadlineEntry | undefined;
  /** The encoded header while there is no credit for it. */
  waitingHeader: Uint8Array | undefined;
  isSettled = false;
  /** Held back while the kernel still reads the payload. */
  #outcome: Outcome | undefined;
  readonly #calls: OutgoingCalls;

  constructor(
    calls: OutgoingCalls,
    parts: MessageParts,
    settler: Pick<OutgoingMessage, 'isCall' | 'resolve' | 'reject'>,
  ) {
    this.#calls = calls;
    this.parts = parts;
    this.cost = frameCost(parts.headerBytes, parts.payloadBytes);
    this.isCall = settler.isCall;
    this.resolve = settler.resolve;
    this.reject = settler.reject;
  }

  get hasLeft(): boolean {
    return this.frame !== undefined && (this.frame.state === 'leaving' || this.frame.state === 'released');
  }

  expire(): void {
    this.fail('DEADLINE_EXCEEDED', 'the deadline passed');
  }

  /** The abort event. */
  handleEvent(): void {
    this.fail('CANCELLED', 'the caller withdrew it');
  }

  onWithdrawn(): void {
    this.handleEvent();
  }

  frameLeft(): void {}

  frameReleased(): void {
    const wasWithdrawn = !this.#wasSent;
    this.#calls.released(this, wasWithdrawn);
    if (this.#outcome !== undefined) this.#finish(this.#outcome);
    else if (!this.isCall && !wasWithdrawn) this.settle({ reply: noReply });
  }

  /** Ends it early, unless it has ended. */
  fail(code: ErrorCode, sentence: string): void {
    if (this.isSettled) return;
    const { frame, parts } = this;
    if (frame === undefined) {
      this.#calls.leaveLine(this);
    } else if (!this.hasLeft) {
      this.#calls.withdraw(this, frame);
      this.#wasSent = false;
    } else if (this.isCall) {
      this.#calls.cancel(this);
    } else if (code === 'DEADLINE_EXCEEDED' || code === 'CANCELLED') {
      return; // It is on its way: `tell` promises no more.
    }
    const applied = this.hasLeft ? 'maybe' : 'no';
    this.settle({ error: this.#calls.errorOf(code, parts.method.name, sentence, applied) });
  }

  settle(outcome: Outcome): void {
    if (this.isSettled) return;
    this.isSettled = true;
    if (this.deadlineEntry !== undefined) this.#calls.forgetDeadline(this.deadlineEntry);
    this.parts.signal?.removeEventListener('abort', this);
    this.parts.withdrawal?.leave(this);
    const isRead = this.frame !== undefined && this.frame.state === 'leaving' && this.frame.payload.length > 0;
    if (isRead) this.#outcome = outcome;
    else this.#finish(outcome);
  }

  #wasSent = true;

  #finish(outcome: Outcome): void {
    this.#outcome = undefined;
    if ('error' in outcome) this.reject(outcome.error);
    else this.resolve(outcome.reply);
  }
}

const nothing = (): void => undefined;

const noReply: Reply<undefined> = { header: undefined, payload: noBytes, release: nothing };

function byteCount(pieces: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const piece of pieces) bytes += piece.byteLength;
  return bytes;
}
