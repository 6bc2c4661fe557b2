/**
 * What a member has only while it leads: its followers' progress, what counts as committed, the reads that wait, the
 * check that a majority still answers (CheckQuorum), a transfer under way. It ends with the term, or before.
 */
import { unreachable } from '../../base/invariant.js';
import type { RaftCore } from './core.js';
import { isVoter } from './membership-history.js';
import { membershipObjection } from './membership-rules.js';
import { majorityReached } from './majority.js';
import { entryBytes } from './options.js';
import type { RaftRefusal } from './output.js';
import { ReadQueue, type WaitingRead } from './read-queue.js';
import { Replication } from './replication.js';
import { logIndex, type LogEntry, type LogIndex, type MemberId, type RaftMessage, type Term } from './types.js';

type Reply = Extract<RaftMessage, { readonly kind: 'append-reply' | 'snapshot-reply' }>;
/** An entry before it has its place in the log. */
type EntryBody = LogEntry extends infer Entry
  ? Entry extends LogEntry
    ? Omit<Entry, 'index' | 'term'>
    : never
  : never;

export class Leadership {
  readonly replication: Replication;
  readonly #core: RaftCore;
  readonly #term: Term;
  /** Of this term's first entry. Before it commits, what is committed is not known to this leader. */
  readonly #firstIndex: LogIndex;
  readonly #reads = new ReadQueue();
  #ticks = 0;
  #transfer: { readonly to: MemberId; readonly sinceTick: number } | undefined;

  /** Appends an empty entry: only by committing one of its own term can a leader commit those before it. */
  constructor(core: RaftCore, ownTerm: Term) {
    this.#core = core;
    this.#term = ownTerm;
    this.replication = new Replication(core, ownTerm);
    this.#firstIndex = logIndex(core.log.last.index + 1);
    this.#append([{ kind: 'noop' }]);
  }

  /** Whether it has committed an entry of its own term. */
  get isReady(): boolean {
    return this.#core.log.commit >= this.#firstIndex;
  }

  get transferringTo(): MemberId | undefined {
    return this.#transfer?.to;
  }

  /** Removed, and sure of it: it led only until its removal was committed (thesis, section 4.2.2). */
  get isOver(): boolean {
    const { log, options } = this.#core;
    return log.memberships.latestIndex <= log.commit && !isVoter(log.memberships.latest, options.self);
  }

  /** False when a majority of the voters has not been heard for an election timeout: somebody else may lead by now. */
  tick(): boolean {
    const { options } = this.#core;
    this.#ticks++;
    this.replication.tick();
    if (this.#ticks % options.electionTicks === 0 && !this.#takeActiveQuorum()) return false;
    if (this.#transfer !== undefined && this.#ticks - this.#transfer.sinceTick >= options.electionTicks) {
      this.#transfer = undefined;
    }
    this.#refuseReads(this.#reads.takeExpired(this.#ticks - 2 * options.electionTicks), this.#term);
    if (this.#ticks % options.heartbeatTicks === 0) this.replication.beginRound();
    return true;
  }

  reply(message: Reply): void {
    const progress = this.replication.find(message.from);
    if (progress === undefined || message.round > this.replication.round) return;
    if (message.kind === 'append-reply') this.replication.appendReply(progress, message);
    else this.replication.snapshotReply(progress, message);
    if (message.from === this.transferringTo) this.#handOver();
  }

  propose(commands: readonly Uint8Array[]): void {
    const { log, outbox } = this.#core;
    const refusal = this.#transferRefusal();
    if (refusal !== undefined) return outbox.refuse(refusal);
    const bodies = commands.map((data) => ({ kind: 'command', data }) as const);
    if (!this.#fits(bodies)) return outbox.refuse({ kind: 'overloaded' });
    outbox.proposed(logIndex(log.last.index + 1), this.#term);
    this.#append(bodies);
    return undefined;
  }

  proposeMembership(change: Omit<Extract<LogEntry, { kind: 'membership' }>, 'index' | 'term' | 'kind'>): void {
    const { log, outbox } = this.#core;
    const body = { kind: 'membership', ...change } as const;
    const refusal = this.#membershipRefusal(body);
    if (refusal !== undefined) return outbox.refuse(refusal);
    outbox.proposed(logIndex(log.last.index + 1), this.#term);
    this.#append([body]);
    this.replication.followMembership();
    return undefined;
  }

  transfer(to: MemberId): void {
    const { log, options, outbox } = this.#core;
    const invalid = (reason: string): void => outbox.refuse({ kind: 'invalid-target', reason });
    if (to === options.self) return invalid(`member ${to} leads already`);
    if (!isVoter(log.memberships.latest, to)) return invalid(`member ${to} is no voter`);
    if (this.#transfer !== undefined && this.#transfer.to !== to) {
      return outbox.refuse({ kind: 'transferring', to: this.#transfer.to });
    }
    this.#transfer ??= { to, sinceTick: this.#ticks };
    return this.#handOver();
  }

  read(from: MemberId | undefined, id: number): void {
    if (from !== undefined && this.replication.find(from) === undefined) return;
    const read = { from, id, arrivedTick: this.#ticks };
    if (!this.#reads.add(read)) this.#refuseReads([read], this.#term);
  }

  /** The highest index that may be committed: an entry of this term that a majority has made durable (paper, 5.4.2). */
  committable(): LogIndex {
    const { log } = this.#core;
    const index = this.#majority(this.#core.durability.index, (member) => this.replication.find(member)?.matched ?? 0);
    return log.termAt(index) === this.#term && index > log.commit ? logIndex(index) : log.commit;
  }

  /** Begins and answers rounds of reads. */
  pumpReads(): void {
    if (!this.isReady) return;
    for (;;) {
      if (this.#reads.wantsRound) {
        this.replication.beginRound();
        this.#reads.begin(this.replication.round, this.#core.log.commit);
      }
      const acknowledged = this.#majority(
        this.replication.round,
        (member) => this.replication.find(member)?.acknowledgedRound ?? 0,
      );
      const answered = this.#reads.takeAnswered(acknowledged);
      if (answered === undefined) return;
      for (const read of answered.reads) this.#answer(read, answered.index, this.#term);
    }
  }

  /** It no longer leads, by now in `newTerm`: whoever waits for a read learns so. */
  end(newTerm: Term): void {
    this.#refuseReads(this.#reads.takeExpired(Infinity), newTerm);
  }

  /** `own` counts for this member where it is a voter: a leader that is removed does not count itself. */
  #majority(own: number, reached: (member: MemberId) => number): number {
    const { log, options } = this.#core;
    const { voters } = log.memberships.latest;
    return majorityReached(voters.map((member) => (member === options.self ? own : reached(member))));
  }

  /** Whether a majority of voters was active since the last call. */
  #takeActiveQuorum(): boolean {
    const isActive = this.#majority(1, (member) => (this.replication.find(member)?.isActive === true ? 1 : 0)) > 0;
    this.replication.forgetActivity();
    return isActive;
  }

  #append(bodies: readonly EntryBody[]): void {
    const { log, outbox } = this.#core;
    const first = log.last.index + 1;
    outbox.append(bodies.map((body, i) => entryOf(body, logIndex(first + i), this.#term)));
  }

  /**
   * Whether they fit beside what memory must hold: what is not committed, and what is not durable here. A single
   * proposal of any size fits into an empty log.
   */
  #fits(bodies: readonly EntryBody[]): boolean {
    const { log, durability, options } = this.#core;
    const held = log.bytesBetween(Math.min(log.commit, durability.index), log.last.index);
    const added = bodies.reduce((sum, body) => sum + entryBytes(body), 0);
    return held === 0 || held + added <= options.uncommittedBytesMax;
  }

  #transferRefusal(): RaftRefusal | undefined {
    return this.#transfer === undefined ? undefined : { kind: 'transferring', to: this.#transfer.to };
  }

  #membershipRefusal(body: Extract<EntryBody, { kind: 'membership' }>): RaftRefusal | undefined {
    const { log } = this.#core;
    const transferring = this.#transferRefusal();
    if (transferring !== undefined) return transferring;
    // Or else two leaders in turn could each begin a change from the same membership (erratum to the thesis, 2015).
    if (!this.isReady) return { kind: 'not-ready' };
    const { latest, latestIndex } = log.memberships;
    if (latestIndex > log.commit) return { kind: 'change-in-progress', index: latestIndex };
    const reason = membershipObjection({
      current: latest,
      next: body.membership,
      commit: log.commit,
      progress: (member) => this.replication.find(member)?.status,
    });
    if (reason !== undefined) return { kind: 'invalid-membership', reason };
    return this.#fits([body]) ? undefined : { kind: 'overloaded' };
  }

  /** Tells the target to campaign once it has everything; again with each of its answers, should that be lost. */
  #handOver(): void {
    const { log, options, outbox } = this.#core;
    const to = this.transferringTo;
    if (to === undefined || this.replication.find(to)?.matched !== log.last.index) return;
    outbox.send({ kind: 'timeout-now', from: options.self, to, term: this.#term });
  }

  #refuseReads(reads: readonly WaitingRead[], inTerm: Term): void {
    for (const read of reads) this.#answer(read, undefined, inTerm);
  }

  #answer({ from, id }: WaitingRead, index: LogIndex | undefined, inTerm: Term): void {
    const { options, outbox } = this.#core;
    if (from === undefined) outbox.answerRead(id, index);
    else outbox.send({ kind: 'read-reply', from: options.self, to: from, term: inTerm, id, index });
  }
}

function entryOf(body: EntryBody, index: LogIndex, term: Term): LogEntry {
  switch (body.kind) {
    case 'noop':
      return { index, term, kind: 'noop' };
    case 'command':
      return { index, term, kind: 'command', data: body.data };
    case 'membership':
      return { index, term, kind: 'membership', membership: body.membership, data: body.data };
    default:
      return unreachable(body);
  }
}
