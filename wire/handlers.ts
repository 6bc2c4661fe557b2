/** What answers calls: handlers by method, and what they are given. */
import { CairnError } from '../base/errors.js';
import type { MonotonicMs } from '../base/instants.js';
import type { Method, OutgoingReply } from './method.js';
import type { Peer } from './peer.js';

/** What a handler is given. */
export interface IncomingRequest<Header> {
  readonly header: Header;
  /** The handler's to keep, or to `release`; copy one under 1 KiB that lives long, as it pins a slab of 8 KiB. */
  readonly payload: Uint8Array;
  /** Who sent it, and the way to call back: pass `{ within: request }` there, so that no deadlock is possible. */
  readonly peer: Peer;
  readonly method: string;
  /** On this end's clock. */
  readonly deadline: MonotonicMs | undefined;
  /** Aborts, with a `CairnError`, when the caller cancels, the deadline passes or the connection ends. */
  readonly signal: AbortSignal;
  readonly level: number;
  /** Nobody reads the payload any more: its memory is used again. Once, or never; then it is collected. */
  release(): void;
}

/** For a one-way message the result is ignored; it may be `undefined`. */
export type Handler<Request, Reply> = (
  request: IncomingRequest<Request>,
) => Promise<OutgoingReply<Reply>> | OutgoingReply<Reply>;

export type MessageHandler<Request> = (request: IncomingRequest<Request>) => Promise<void> | void;

export interface Registration {
  readonly name: string;
  readonly run: (request: IncomingRequest<never>) => unknown;
}

/** The handlers of a daemon; the same table serves any number of connections. */
export class HandlerTable {
  readonly #byId = new Map<number, Registration>();

  /** Answers calls of `method`. Handlers start in the order received and run side by side. */
  on<Request, Reply>(method: Method<Request, Reply>, handler: Handler<Request, Reply>): this {
    return this.#register(method, handler);
  }

  /** Takes one-way messages of `method`. */
  onMessage<Request>(method: Method<Request, undefined>, handler: MessageHandler<Request>): this {
    return this.#register(method, handler);
  }

  find(id: number): Registration | undefined {
    return this.#byId.get(id);
  }

  #register(method: { readonly name: string; readonly id: number }, run: Registration['run']): this {
    const present = this.#byId.get(method.id);
    if (present !== undefined) {
      throw new CairnError(
        'EXISTS',
        `the id of method ${method.name} is taken by ${present.name}; choose another name`,
      );
    }
    this.#byId.set(method.id, { name: method.name, run });
    return this;
  }
}
