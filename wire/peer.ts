import type { MonotonicMs } from '../base/instants.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { Address } from '../runtime/network.js';
import type { Method, Payload, Reply } from './method.js';
import type { Withdrawal } from './withdrawal.js';

export interface CallOptions extends WaitOptions {
  /** Lent until the promise settles. */
  readonly payload?: Payload | undefined;
  /** Withdraws it as `signal` does, for less; of one call at a time. */
  readonly withdrawal?: Withdrawal | undefined;
  /** The request that the caller is handling: the call travels one level above it, on credit of its own. */
  readonly within?: { readonly level: number } | undefined;
}

/** Whoever is at the other end of a connection. */
export interface Peer {
  /** As it claimed in the handshake, proven when keys or TLS are in use. */
  readonly name: string;
  readonly role: string;
  readonly remote: Address;
  readonly version: number;
  readonly features: bigint;
  readonly authenticated: boolean;
  /** Of the last ping; `undefined` before the first pong. */
  readonly rttMs: number | undefined;
  /** When bytes last arrived. */
  readonly lastReceivedAt: MonotonicMs;

  /**
   * Sends a request and waits for its reply. Errors: those of the handler; `OVERLOADED` (too many wait for credit);
   * `DEADLINE_EXCEEDED`, `CANCELLED`, `CONNECTION_LOST`, `CLOSED`, with `applied` saying whether it may have been run.
   * A call that ends early while the kernel still reads its payload settles when the kernel is done with it.
   */
  call<Req, Rep>(method: Method<Req, Rep>, header: Req, options?: CallOptions): Promise<Reply<Rep>>;
  /** Sends a message without a reply. Resolves when the kernel has it: the peer may still never see it. */
  tell<Req>(method: Method<Req, undefined>, header: Req, options?: CallOptions): Promise<void>;
  /**
   * As `tell`, without a promise, when nobody wants to know what becomes of the message. One that cannot be sent is dropped;
   * a header that cannot be encoded throws `INVALID_ARGUMENT`. Bytes of the payload are not to be changed before `released` is
   * called, which it may never be.
   */
  post<Req>(method: Method<Req, undefined>, header: Req, payload?: Payload, released?: () => void): void;
  /** What is queued leaves now rather than at the end of the turn: for who knows that no more follows in it. */
  flush(): void;
}
