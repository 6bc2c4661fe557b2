/** What can be called: names with the types of what goes in and comes out. */
import { utf8Bytes } from '../base/bytes.js';
import { CairnError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import type { MonotonicMs } from '../base/instants.js';
import { xxh64 } from '../base/xxh64.js';
import type { Peer } from './peer.js';

declare const types: unique symbol;

/** A request with a reply: `Request` and `Reply` are the types of the two headers. */
export interface Method<Request, Reply> {
  readonly name: string;
  readonly id: number;
  readonly [types]?: { readonly request: Request; readonly reply: Reply };
}

/** The name is part of the protocol: its hash travels in every frame. Letters, digits, dots, dashes. */
export function defineMethod<Request = undefined, Reply = undefined>(name: string): Method<Request, Reply> {
  invariant(/^[a-z0-9.-]{1,100}$/i.test(name), 'a method name is plain', { name });
  return { name, id: Number(xxh64(utf8Bytes(name)) & 0xffffffffn) };
}

/** One slice, or several that are sent one after the other and arrive as one. */
export type Payload = Uint8Array | readonly Uint8Array[];

export interface Reply<Header> {
  readonly header: Header;
  /** Empty when there is none. The receiver's to keep. */
  readonly payload: Uint8Array;
}

export interface OutgoingReply<Header> {
  readonly header: Header;
  /** Lent until it is sent or the connection is gone; `released` tells. */
  readonly payload?: Payload | undefined;
  readonly released?: (() => void) | undefined;
}

/** What a handler is given. */
export interface IncomingRequest<Header> {
  readonly header: Header;
  /** The handler's to keep; copy one under 1 KiB that lives long, as it pins a slab of 8 KiB. */
  readonly payload: Uint8Array;
  /** Who sent it, and the way to call back: pass `{ within: request }` there, so that no deadlock is possible. */
  readonly peer: Peer;
  readonly method: string;
  /** On this end's clock. */
  readonly deadline: MonotonicMs | undefined;
  /** Aborts, with a `CairnError`, when the caller cancels, the deadline passes or the connection ends. */
  readonly signal: AbortSignal;
  readonly level: number;
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
