/**
 * The answers to changes, kept so that a retry is answered instead of run again. A client numbers its changes and says
 * below which number (its floor) it waits for none any more; answers from there up are never forgotten while the session
 * lives, and a session lives until it was idle for longer than any deadline.
 *
 *     (unknown) ──record()──► live ──end()──► over ──(idle)──► (unknown)          live ──(idle)──► (unknown)
 *
 * One that is over has no answers any more, but is remembered as long as a live one: a copy of a change that is late
 * finds that it may not run, instead of beginning the session afresh and running twice. The leader says which sessions
 * are over (monitor/leader/session-ends.ts): those whose clients said so, and, when room is scarce, the longest idle.
 *
 * What is not known any more is told from what is new by when the session began, on the clock below: a client is told the
 * time before its first change, and a session that is not known begins only while none that old was forgotten.
 */
import { invariant } from '../../base/invariant.js';
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
/** Idle ones dropped with one transaction; the rest go with the next ones. 9,000 at once held the event loop for 27 ms. */
export const sweptMax = 1_000;
/** Of changes that a client has under way at once: beyond, it is refused, since no answer may be dropped. */
export const repliesPerSessionMax = 1024;
/** Live ones. At 200 bytes each, some 2 MiB; a cluster has a few hundred clients at a time. */
export const sessionsMax = 10_000;
/** With those that are over, at some 90 bytes in a snapshot: 140 clients that come and go each second, for ever. */
export const sessionsKeptMax = 100_000;
/** Live ones from which on the longest idle make room: what arrives in a second or two has some. */
const scarceFrom = sessionsMax * 0.9;
/**
 * Idle for so long while the cluster was led, and whoever still waits has asked some ten times (`attemptMs` of
 * protocol/monitor-session.ts): it is gone, or has its answer and nothing else to change.
 */
export const endableIdleMs = 60_000;
/** Ended at a time for want of room: an entry with that many names has some 50 KiB. */
const surplusMax = 1_000;
/** In snapshots; above every number that a client can send. */
const floorOfOver = Number.MAX_SAFE_INTEGER;

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
  /** Of a session that is not known, and may have been, as long ago as it began: this may be a copy of what was made then. */
  | { readonly kind: 'stale' }
  /** Its session is over, and its answer, if there was one, dropped. */
  | { readonly kind: 'over' }
  | { readonly kind: 'full' };

/** Sessions that ended within a minute: remembered, and forgotten, together. */
interface Ended {
  /** The clock of the sessions when the first of them did. */
  readonly at: number;
  readonly sessions: OrderedMap<true>;
}

export class Sessions {
  #live = new OrderedMap<Session>();
  /** Oldest first: some eleven. */
  #ended: readonly Ended[] = [];
  #clockMs: number;
  #sweptAt: number;

  constructor({ clockMs, sweptAt } = { clockMs: 0, sweptAt: 0 }) {
    this.#clockMs = clockMs;
    this.#sweptAt = sweptAt;
  }

  /** Of all that are remembered, live or over. */
  get count(): number {
    return this.#ended.reduce((count, { sessions }) => count + sessions.size, this.#live.size);
  }

  get liveCount(): number {
    return this.#live.size;
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
    const fork = new Sessions({ clockMs: this.#clockMs, sweptAt: this.#sweptAt });
    fork.#live = this.#live.fork();
    fork.#ended = this.#ended.map(({ at, sessions }) => ({ at, sessions: sessions.fork() }));
    return fork;
  }

  /** Those that are over come last, oldest first, and have a floor above every number. */
  *entries(): Generator<[string, Session]> {
    yield* this.#live.entries();
    for (const { at, sessions } of this.#ended) {
      const one = { floor: floorOfOver, usedAt: at, replies: [] };
      for (const [session] of sessions.entries()) yield [session, one];
    }
  }

  /** One of what `entries` told, in its order. */
  restore(session: string, one: Session): void {
    if (one.floor === floorOfOver) this.#remember(session, one.usedAt);
    else this.#live.set(session, one);
  }

  lookup({ session, number, floor, begun }: RequestId): Lookup {
    const known = this.#live.get(session);
    if (known === undefined) {
      if (this.#isOver(session)) return { kind: 'over' };
      if (!this.#mayBegin(begun)) return { kind: 'stale' };
      return this.#live.size < sessionsMax && this.count < sessionsKeptMax ? { kind: 'unknown' } : { kind: 'full' };
    }
    if (number < known.floor) return { kind: 'forgotten' };
    const reply = known.replies.find((candidate) => candidate.number === number);
    if (reply !== undefined) return { kind: 'answered', result: reply.result };
    const kept = known.replies.filter((candidate) => candidate.number >= floor).length;
    return kept < repliesPerSessionMax ? { kind: 'unknown' } : { kind: 'full' };
  }

  isLive(session: string): boolean {
    return this.#live.has(session);
  }

  /** The longest idle of the live ones, at most a thousand, when there are so many that room is scarce; else none. */
  surplus(): readonly string[] {
    if (this.#live.size < scarceFrom) return [];
    const idle: { readonly session: string; readonly usedAt: number }[] = [];
    this.#live.forEach({}, (session, { usedAt }) => {
      if (this.#clockMs - usedAt >= endableIdleMs) idle.push({ session, usedAt });
    });
    idle.sort((one, other) => one.usedAt - other.usedAt);
    return idle.slice(0, surplusMax).map(({ session }) => session);
  }

  /** live -> over. Nothing, of one that is not known: there is no answer that a copy could be given a second time. */
  end(session: string): void {
    if (this.#live.delete(session)) this.#remember(session, this.#clockMs);
  }

  record({ session, number, floor, result }: RecordedReply): void {
    invariant(!this.#isOver(session), 'nothing is decided for a session that is over', { session });
    const known = this.#live.get(session);
    const floorNow = Math.max(floor, known?.floor ?? 0);
    const replies = (known?.replies ?? []).filter((reply) => reply.number >= floorNow);
    const at = replies.findIndex((reply) => reply.number > number);
    replies.splice(at < 0 ? replies.length : at, 0, { number, result });
    this.#live.set(session, { floor: floorNow, usedAt: this.#clockMs, replies });
  }

  /**
   * The leader's time went on by `ms`. Drops idle sessions, once a minute, at most a thousand at a time: the same ones on
   * every monitor.
   */
  pass(ms: number): void {
    this.#clockMs += Math.min(Math.max(ms, 0), stepMsMax);
    const now = this.#clockMs;
    if (now - this.#sweptAt < sweepMs) return;
    const idle: string[] = [];
    this.#live.forEach({}, (session, { usedAt }) => {
      if (now - usedAt > sessionIdleMs) idle.push(session);
      return idle.length < sweptMax;
    });
    for (const session of idle) this.#live.delete(session);
    // Else there may be more of them: the next transaction looks again.
    if (idle.length < sweptMax) this.#sweptAt = now;
    // The last of them may have ended a minute after the first.
    this.#ended = this.#ended.filter(({ at }) => now - at <= sessionIdleMs + sweepMs);
  }

  /** One that began so lately cannot have been forgotten: that takes as long, from its last change on. */
  #mayBegin(begun: number | undefined): boolean {
    return begun !== undefined && begun <= this.#clockMs && this.#clockMs - begun <= sessionIdleMs;
  }

  #isOver(session: string): boolean {
    return this.#ended.some(({ sessions }) => sessions.has(session));
  }

  #remember(session: string, at: number): void {
    let newest = this.#ended.at(-1);
    if (newest === undefined || at - newest.at >= sweepMs) {
      newest = { at, sessions: new OrderedMap() };
      this.#ended = [...this.#ended, newest];
    }
    newest.sessions.set(session, true);
  }
}
