/** What can be called: names with the types of what goes in and comes out. */
import { utf8Bytes } from '../base/bytes.js';
import { invariant } from '../base/invariant.js';
import { xxh64 } from '../base/xxh64.js';

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
  /** Empty when there is none. The receiver's to keep, or to `release`. */
  readonly payload: Uint8Array;
  /** Nobody reads the payload any more: its memory is used again. Once, or never; then it is collected. */
  readonly release: () => void;
}

export interface OutgoingReply<Header> {
  readonly header: Header;
  /** Lent until it is sent or the connection is gone; `released` tells. */
  readonly payload?: Payload | undefined;
  readonly released?: (() => void) | undefined;
}
