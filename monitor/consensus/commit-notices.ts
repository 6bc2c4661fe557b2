/**
 * Appends without entries that only tell a follower how far is committed. While changes follow one another, the next append
 * says the same a moment later, so a notice waits for it, `noticeMs` at most: then it is never sent, nor answered, and the
 * follower applies an entry in the turn in which it takes in the next. That spares both ends a good part of their wake-ups,
 * which cost more than all else (docs/NODE-LIMITS.md). A lost notice is no news to Raft: dropping one is safe.
 *
 *     commits 7, holds the notice ──► appends 8 with "commit 7": the notice is dropped
 *                                 └─► nothing to append until it is due: the notice leaves
 */
import type { MonotonicMs } from '../../base/instants.js';
import type { MemberId, RaftMessage } from '../raft/types.js';
import { noticeMs } from './options.js';

type Append = Extract<RaftMessage, { readonly kind: 'append' }>;

interface Held {
  readonly message: Append;
  /** A newer notice in its place keeps it: what is said again and again is said in time. */
  readonly since: MonotonicMs;
}

export class CommitNotices {
  /** One for each member at most. */
  readonly #held = new Map<MemberId, Held>();
  /** The latest round that each member was sent: an append with a newer one asks for an answer, and never waits. */
  readonly #rounds = new Map<MemberId, number>();

  /** How long until the first of those held is due, in ms and at least 0; `undefined` when none is held. */
  msUntilDue(now: MonotonicMs): number | undefined {
    let first: number | undefined;
    for (const { since } of this.#held.values()) first = Math.min(first ?? since, since);
    return first === undefined ? undefined : Math.max(0, first + noticeMs - now);
  }

  /** Whether `message` leaves now; otherwise it is held. */
  passes(message: RaftMessage, now: MonotonicMs): boolean {
    if (message.kind !== 'append') return true;
    const { to, round, entries } = message;
    const hasNewRound = this.#rounds.get(to) !== round;
    this.#rounds.set(to, round);
    if (entries.length > 0 || hasNewRound) {
      this.#held.delete(to);
      return true;
    }
    this.#held.set(to, { message, since: this.#held.get(to)?.since ?? now });
    return false;
  }

  takeDue(now: MonotonicMs): readonly RaftMessage[] {
    const due: RaftMessage[] = [];
    for (const [to, { message, since }] of this.#held) {
      if (since + noticeMs > now) continue;
      this.#held.delete(to);
      due.push(message);
    }
    return due;
  }
}
