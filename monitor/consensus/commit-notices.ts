/**
 * Appends without entries that only tell a follower how far is committed. While changes stream, the next append says the
 * same a moment later, so a notice waits for one more turn of the event loop: under load it is never sent, nor answered,
 * which spares both ends most of their wake-ups (docs/NODE-LIMITS.md). A lost notice is no news to Raft: dropping one is safe.
 *
 *     turn n    commits 7, holds the notice          applied; the proposer decides the next entry
 *     turn n+1  appends 8 with "commit 7": the notice is dropped, or: nothing to append, the notice leaves
 */
import type { MemberId, RaftMessage } from '../raft/types.js';

type Append = Extract<RaftMessage, { readonly kind: 'append' }>;

export class CommitNotices {
  /** One for each member at most. */
  #held = new Map<MemberId, Append>();
  /** Held since the turn before. */
  #due = new Map<MemberId, Append>();
  /** The latest round that each member was sent: an append with a newer one asks for an answer, and never waits. */
  readonly #rounds = new Map<MemberId, number>();

  get isEmpty(): boolean {
    return this.#held.size === 0 && this.#due.size === 0;
  }

  /** Whether `message` leaves now; otherwise it is held. */
  passes(message: RaftMessage): boolean {
    if (message.kind !== 'append') return true;
    const { to, round, entries } = message;
    const hasNewRound = this.#rounds.get(to) !== round;
    this.#rounds.set(to, round);
    this.#due.delete(to);
    if (entries.length > 0 || hasNewRound) {
      this.#held.delete(to);
      return true;
    }
    this.#held.set(to, message);
    return false;
  }

  /** At the end of a turn: those that have waited for one. */
  takeDue(): Iterable<RaftMessage> {
    const due = this.#due;
    this.#due = this.#held;
    this.#held = new Map();
    return due.values();
  }
}
