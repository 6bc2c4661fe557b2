/** What a follower does with its leader's entries and snapshot chunks. */
import { invariant } from '../../base/invariant.js';
import type { RaftCore } from './core.js';
import { SnapshotReceipt } from './snapshot-receipt.js';
import { logIndex, type LogEntry, type LogIndex, type RaftMessage } from './types.js';

type Append = Extract<RaftMessage, { readonly kind: 'append' }>;
type Chunk = Extract<RaftMessage, { readonly kind: 'snapshot-chunk' }>;
export type LeaderMessage = Append | Chunk;

export class Receiver {
  readonly #core: RaftCore;
  readonly #receipt = new SnapshotReceipt();

  constructor(core: RaftCore) {
    this.#core = core;
  }

  append(message: Append): void {
    const { log, outbox } = this.#core;
    const { previous, entries } = message;
    if (!this.#fits(message)) {
      const hintIndex = Math.max(log.lastNotAbove(previous.index, previous.term), log.commit);
      const hint = { index: logIndex(hintIndex), term: log.termAt(hintIndex) ?? log.last.term };
      this.#reply(message, { kind: 'rejected', rejected: previous.index, hint }, (reply) => outbox.send(reply));
      return;
    }
    outbox.append(this.#newOf(entries));
    const matched = previous.index + entries.length;
    log.commitTo(Math.max(log.commit, Math.min(message.commit, matched)));
    this.#promise(message, logIndex(Math.max(matched, log.commit)));
  }

  /** Returns the index of the snapshot that it completed, 0 otherwise. */
  chunk(message: Chunk): LogIndex {
    const { log, outbox } = this.#core;
    const { meta, chunk, data } = message;
    if (meta.index <= log.commit) {
      // Nothing in it is news, and the leader gets to know how far this log has come instead.
      this.#receipt.discard();
      this.#promise(message, log.commit);
      return logIndex(0);
    }
    const isAccepted = this.#receipt.accept({ meta, term: message.term, chunk, bytes: data.length });
    if (isAccepted) outbox.saveChunk({ meta, chunk, data });
    const isWhole = isAccepted && chunk === meta.chunks - 1;
    if (isWhole) outbox.install(meta);
    outbox.sendAfterPersist({
      kind: 'snapshot-reply',
      from: this.#core.options.self,
      to: message.from,
      term: message.term,
      snapshot: meta.index,
      next: isWhole ? meta.chunks : this.#receipt.wanted(meta),
      round: message.round,
    });
    return logIndex(isWhole ? meta.index : 0);
  }

  /** Whether the log agrees with the leader's up to `previous`. */
  #fits({ previous }: Append): boolean {
    const { log } = this.#core;
    if (previous.index > log.commit) return log.holds(previous);
    const known = log.termAt(previous.index);
    invariant(known === undefined || known === previous.term, 'every leader has all that is committed', {
      index: previous.index,
      term: known,
      leaderTerm: previous.term,
    });
    return true;
  }

  /** From the first that the log lacks, or has otherwise: what it has already may be older news than what follows it. */
  #newOf(entries: readonly LogEntry[]): readonly LogEntry[] {
    const { log } = this.#core;
    const first = entries.findIndex((entry) => !log.holds(entry) && (entry.index > log.commit || this.#isKnown(entry)));
    return first === -1 ? [] : entries.slice(first);
  }

  #isKnown({ index }: LogEntry): boolean {
    return this.#core.log.termAt(index) !== undefined;
  }

  /**
   * Says that all up to `matched` is here. With entries: once they are durable. A heartbeat is answered at once with what
   * is durable already, so that a slow disk looks like one rather than like a member that has gone.
   */
  #promise(message: LeaderMessage, matched: LogIndex): void {
    const { durability, outbox } = this.#core;
    const isHeartbeat = message.kind === 'append' && message.entries.length === 0;
    if (durability.isHardStateDurable && (isHeartbeat || durability.index >= matched)) {
      const durable = logIndex(Math.min(matched, durability.index));
      this.#reply(message, { kind: 'matched', matched: durable }, (reply) => outbox.send(reply));
    } else {
      this.#reply(message, { kind: 'matched', matched }, (reply) => outbox.sendAfterPersist(reply));
    }
  }

  #reply(
    message: LeaderMessage,
    outcome: Extract<RaftMessage, { kind: 'append-reply' }>['outcome'],
    send: (reply: RaftMessage) => void,
  ): void {
    const { from, term, round } = message;
    send({ kind: 'append-reply', from: this.#core.options.self, to: from, term, round, outcome });
  }
}
