/**
 * The answers to changes, kept so that a retry is answered instead of run again. A client numbers its changes and says
 * below which number (its floor) it waits for none any more; answers from there up are never forgotten while the session
 * lives, and a session lives until it was idle for longer than any deadline.
 */
import { OrderedMap } from '../../base/ordered-map.js';
import type { RequestId } from '../../protocol/monitor-methods.js';
import type { RecordedReply } from './transaction.js';

/** Twice what a client may wait for a change (`changeMsMax` of protocol/monitor-session.ts). */
export const sessionIdleMs = 600_000;
/**
 * Idle time is counted by what passes from one transaction to the next, each step at most so long: a leader commits one
 * every few seconds, to renew the limit of time. So neither a clock that jumps, nor a new leader whose clock is ahead, nor an
 * hour without a quorum takes an answer from a client that is about to ask for it again.
 */
export const stepMsMax = 5_000;
const sweepMs = 60_000;
/** Of changes that a client has under way at once: beyond, it is refused, since no answer may be dropped. */
export const repliesPerSessionMax = 1024;
/** At 200 bytes each, some 2 MiB; a cluster has a few hundred clients. */
export const sessionsMax = 10_000;

export interface Session {
  readonly floor: number;
  /** On the clock of the sessions. */
  readonly usedAt: number;
  /** Ascending by number. */
  readonly replies: readonly { readonly number: number; readonly result: Uint8Array }[];
}

export type Lookup =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'answered'; readonly result: Uint8Array }
  /** Below the floor: its answer was received, says the client itself; a late copy of it is on its way. */
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'full' };

export class Sessions {
  readonly #bySession: OrderedMap<Session>;
  #clockMs: number;
  #sweptAt: number;

  constructor(bySession = new OrderedMap<Session>(), { clockMs, sweptAt } = { clockMs: 0, sweptAt: 0 }) {
    this.#bySession = bySession;
    this.#clockMs = clockMs;
    this.#sweptAt = sweptAt;
  }

  get count(): number {
    return this.#bySession.size;
  }

  /** Ms of leadership so far: what idle time is measured by. */
  get clockMs(): number {
    return this.#clockMs;
  }

  /** Of the last look for idle sessions: part of the state, since it decides when the next one is. */
  get sweptAt(): number {
    return this.#sweptAt;
  }

  fork(): Sessions {
    return new Sessions(this.#bySession.fork(), { clockMs: this.#clockMs, sweptAt: this.#sweptAt });
  }

  entries(): Generator<[string, Session]> {
    return this.#bySession.entries();
  }

  lookup({ session, number, floor }: RequestId): Lookup {
    const known = this.#bySession.get(session);
    if (known === undefined) return this.count < sessionsMax ? { kind: 'unknown' } : { kind: 'full' };
    if (number < known.floor) return { kind: 'forgotten' };
    const reply = known.replies.find((candidate) => candidate.number === number);
    if (reply !== undefined) return { kind: 'answered', result: reply.result };
    const kept = known.replies.filter((candidate) => candidate.number >= floor).length;
    return kept < repliesPerSessionMax ? { kind: 'unknown' } : { kind: 'full' };
  }

  record({ session, number, floor, result }: RecordedReply): void {
    const known = this.#bySession.get(session);
    const floorNow = Math.max(floor, known?.floor ?? 0);
    const replies = (known?.replies ?? []).filter((reply) => reply.number >= floorNow);
    const at = replies.findIndex((reply) => reply.number > number);
    replies.splice(at < 0 ? replies.length : at, 0, { number, result });
    this.#bySession.set(session, { floor: floorNow, usedAt: this.#clockMs, replies });
  }

  /** The leader's time went on by `ms`. Drops idle sessions, once a minute: the same ones on every monitor. */
  pass(ms: number): void {
    this.#clockMs += Math.min(Math.max(ms, 0), stepMsMax);
    const now = this.#clockMs;
    if (now - this.#sweptAt < sweepMs) return;
    this.#sweptAt = now;
    const idle: string[] = [];
    this.#bySession.forEach({}, (session, { usedAt }) => {
      if (now - usedAt > sessionIdleMs) idle.push(session);
    });
    for (const session of idle) this.#bySession.delete(session);
  }
}
