/**
 * Raft as a pure state machine: `step` takes what happened and returns what to do about it. No I/O, no clock, no chance,
 * no promises; README.md has the invariants and says which file has which part.
 */
import { invariant, unreachable } from '../../base/invariant.js';
import { Ballot } from './ballot.js';
import type { RaftCore } from './core.js';
import { Durability } from './durability.js';
import { ForwardedReads } from './forwarded-reads.js';
import { Leadership } from './leadership.js';
import { isUpToDate, RaftLog } from './log.js';
import { isVoter } from './membership-history.js';
import { isPlausible } from './message-check.js';
import { resolveRaftOptions } from './options.js';
import { Outbox } from './outbox.js';
import type { RaftInitial, RaftInput, RaftOptions, RaftOutput, RaftRefusal, RaftStatus } from './output.js';
import { Receiver, type LeaderMessage } from './receiver.js';
import {
  logIndex,
  term,
  type LogIndex,
  type MemberId,
  type RaftMessage,
  type SnapshotMeta,
  type Term,
} from './types.js';

type Role =
  | { readonly kind: 'follower' }
  | { readonly kind: 'pre-candidate'; readonly ballot: Ballot }
  /** Its own vote counts once `output` is durable. */
  | { readonly kind: 'candidate'; readonly ballot: Ballot; readonly output: number }
  | { readonly kind: 'leader'; readonly leadership: Leadership };

type VoteRequest = Extract<RaftMessage, { readonly kind: 'vote-request' }>;
type VoteReply = Extract<RaftMessage, { readonly kind: 'vote-reply' }>;

const follower: Role = { kind: 'follower' };
const nothing: readonly never[] = Object.freeze([]);

export class Raft {
  readonly #core: RaftCore;
  readonly #receiver: Receiver;
  readonly #forwardedReads = new ForwardedReads();
  #role: Role = follower;
  #term: Term;
  #vote: MemberId | undefined;
  #leader: MemberId | undefined;
  /** As handed out last: snapshots that are being sent. */
  #pinned: readonly SnapshotMeta[] = nothing;
  /** Everything up to here was handed out as committed, or restored. */
  #applied: LogIndex;
  /** Since this member heard from its leader, voted, or began its candidacy. */
  #silentTicks = 0;
  /** `undefined`: the next tick draws it. */
  #timeoutTicks: number | undefined;

  constructor(options: RaftOptions, initial: RaftInitial) {
    const { hardState, snapshot, entries, commit = snapshot.index } = initial;
    const resolved = resolveRaftOptions(options);
    const log = new RaftLog(snapshot, entries, resolved);
    log.commitTo(commit);
    invariant(hardState.term >= log.last.term, 'the term is stored before any entry of it', {
      term: hardState.term,
      last: log.last.term,
    });
    const durability = new Durability(log.last.index);
    this.#core = { options: resolved, log, durability, outbox: new Outbox(log, durability) };
    this.#receiver = new Receiver(this.#core);
    this.#term = hardState.term;
    this.#vote = hardState.vote;
    this.#applied = snapshot.index;
  }

  /** One thing happened. Outputs are numbered in the order of the calls. */
  step(input: RaftInput): RaftOutput {
    this.#take(input);
    this.#settle();
    return this.#core.outbox.take();
  }

  get status(): RaftStatus {
    const { log } = this.#core;
    const leadership = this.#leadership;
    return {
      role: this.#role.kind,
      term: this.#term,
      vote: this.#vote,
      leader: this.#leader,
      isReady: leadership?.isReady ?? false,
      commit: log.commit,
      applied: this.#applied,
      last: log.last.index,
      snapshot: log.snapshot.index,
      membership: log.memberships.latest,
      transferringTo: leadership?.transferringTo,
      progress: leadership?.replication.progress ?? [],
    };
  }

  get #leadership(): Leadership | undefined {
    return this.#role.kind === 'leader' ? this.#role.leadership : undefined;
  }

  #take(input: RaftInput): void {
    const { log, durability } = this.#core;
    switch (input.kind) {
      case 'tick':
        return this.#tick(input.jitter);
      case 'message':
        return this.#receive(input.message);
      case 'propose': {
        invariant(input.commands.length > 0, 'a proposal has commands');
        return this.#asLeader((leadership) => leadership.propose(input.commands));
      }
      case 'propose-membership': {
        const { membership, data } = input;
        return this.#asLeader((leadership) => leadership.proposeMembership({ membership, data }));
      }
      case 'read':
        return this.#read(input.id);
      case 'transfer':
        return this.#asLeader((leadership) => leadership.transfer(input.to));
      case 'persisted':
        invariant(input.output < this.#core.outbox.number, 'only what was handed out is reported durable', {
          output: input.output,
        });
        durability.persisted(input.output);
        return this.#countOwnVote();
      case 'compacted':
        log.hold(this.#leadership?.replication.holdFrom);
        if (log.compact(input.snapshot)) durability.compacted(input.snapshot.index);
        return undefined;
      case 'snapshot-failed':
        return this.#leadership?.replication.snapshotFailed(input.to);
      default:
        return unreachable(input);
    }
  }

  /** What follows from the input, whatever it was: commitment, replication, reads. */
  #settle(): void {
    const { log, outbox } = this.#core;
    const leadership = this.#leadership;
    if (leadership !== undefined) {
      log.commitTo(leadership.committable());
      leadership.pumpReads();
      leadership.replication.pump();
      if (leadership.isOver) this.#follow(this.#term, undefined);
    }
    this.#pin(this.#leadership?.replication.pins ?? nothing);
    if (this.#applied >= log.commit) return;
    outbox.committed(log.entries(this.#applied + 1, log.commit));
    this.#applied = log.commit;
  }

  #pin(snapshots: readonly SnapshotMeta[]): void {
    const { length } = snapshots;
    if (length === this.#pinned.length && snapshots.every((meta, i) => meta === this.#pinned[i])) return;
    this.#pinned = snapshots;
    this.#core.outbox.pin(snapshots);
  }

  // Time.

  #tick(jitter: number): void {
    invariant(jitter >= 0 && jitter < 1, 'jitter is from 0 to below 1', { jitter });
    const { options, outbox } = this.#core;
    this.#forwardedReads.seed(jitter);
    this.#timeoutTicks ??= options.electionTicks + Math.floor(jitter * options.electionTicks);
    for (const id of this.#forwardedReads.tick(options.electionTicks)) outbox.answerRead(id, undefined);
    const leadership = this.#leadership;
    // A leader of the past lets go of what it held for members that were behind.
    this.#core.log.hold(leadership?.replication.holdFrom);
    if (leadership !== undefined) {
      if (!leadership.tick()) this.#follow(this.#term, undefined);
      return;
    }
    // A candidacy begins when its disk has it. Were it given up before, a disk that takes longer than an election timeout
    // would always be writing one that is over already, and a sole voter would never lead.
    if (this.#isUnwrittenCandidate) return;
    this.#silentTicks++;
    if (this.#silentTicks < this.#timeoutTicks && !this.#isAlone) return;
    if (this.#mayCampaign) this.#askBeforeCampaign();
    else if (this.#leader !== undefined) this.#follow(this.#term, undefined);
  }

  get #isUnwrittenCandidate(): boolean {
    return this.#role.kind === 'candidate' && !this.#core.durability.isAcknowledged(this.#role.output);
  }

  /** The only voter: nobody else can be leading, so there is nothing to wait for. */
  get #isAlone(): boolean {
    const { voters } = this.#core.log.memberships.latest;
    return voters.length === 1 && voters[0] === this.#core.options.self && this.#role.kind === 'follower';
  }

  /**
   * Voters may. So may a member whose own removal is in its log but not known to be committed: it may be the only one
   * that holds that entry, and then nobody else can be elected (thesis, section 4.2.2). Its own vote does not count.
   */
  get #mayCampaign(): boolean {
    const { log, options } = this.#core;
    const { latest, latestIndex, previous } = log.memberships;
    return isVoter(latest, options.self) || (latestIndex > log.commit && isVoter(previous, options.self));
  }

  // Elections.

  /** -> pre-candidate: asks whether it could win, and disturbs nobody by asking. */
  #askBeforeCampaign(): void {
    this.#follow(this.#term, undefined);
    const ballot = new Ballot();
    this.#role = { kind: 'pre-candidate', ballot };
    ballot.record(this.#core.options.self, true);
    const { outbox } = this.#core;
    const electionTerm = term(this.#term + 1);
    this.#askForVotes({ isPreVote: true, isTransfer: false, inTerm: electionTerm }, (request) => outbox.send(request));
    this.#countVotes();
  }

  /** -> candidate, in a new term. */
  #campaign(isTransfer: boolean): void {
    const { options, outbox } = this.#core;
    this.#follow(term(this.#term + 1), undefined);
    this.#vote = options.self;
    this.#saveHardState();
    this.#role = { kind: 'candidate', ballot: new Ballot(), output: outbox.number };
    // Not before the term, the own vote and the whole log are durable. Else a restart could forget them, campaign in the
    // same term again with a shorter log, and win by the late answers to this request.
    this.#askForVotes({ isPreVote: false, isTransfer, inTerm: this.#term }, (request) =>
      outbox.sendAfterPersist(request),
    );
  }

  #askForVotes(
    election: { readonly isPreVote: boolean; readonly isTransfer: boolean; readonly inTerm: Term },
    send: (request: VoteRequest) => void,
  ): void {
    const { log, options } = this.#core;
    const { isPreVote, isTransfer, inTerm } = election;
    for (const to of log.memberships.latest.voters) {
      if (to === options.self) continue;
      send({ kind: 'vote-request', from: options.self, to, term: inTerm, isPreVote, isTransfer, last: log.last });
    }
  }

  #countOwnVote(): void {
    const role = this.#role;
    if (role.kind !== 'candidate' || !this.#core.durability.isAcknowledged(role.output)) return;
    role.ballot.record(this.#core.options.self, true);
    this.#countVotes();
  }

  #voteReply(message: VoteReply): void {
    const role = this.#role;
    if (role.kind !== (message.isPreVote ? 'pre-candidate' : 'candidate')) return;
    // A granted pre-vote is about the term that the election would have.
    const isCurrent = message.term === this.#term + (message.isPreVote && message.granted ? 1 : 0);
    if (!isCurrent || !('ballot' in role) || !isVoter(this.#core.log.memberships.latest, message.from)) return;
    role.ballot.record(message.from, message.granted);
    this.#countVotes();
  }

  #countVotes(): void {
    const role = this.#role;
    if (role.kind !== 'pre-candidate' && role.kind !== 'candidate') return;
    // Leading before the term is durable here could mean to lead it again, differently, after a restart.
    if (this.#isUnwrittenCandidate) return;
    const outcome = role.ballot.outcome(this.#core.log.memberships.latest);
    if (outcome === 'lost') this.#follow(this.#term, undefined);
    else if (outcome === 'won' && role.kind === 'pre-candidate') this.#campaign(false);
    else if (outcome === 'won') this.#lead();
  }

  /** candidate -> leader. */
  #lead(): void {
    const { durability, options } = this.#core;
    invariant(durability.isHardStateDurable, 'a leader has its term on disk: it leads a term once, whatever happens');
    this.#leader = options.self;
    this.#role = { kind: 'leader', leadership: new Leadership(this.#core, this.#term) };
  }

  /** -> follower, in this term or a newer one. */
  #follow(newTerm: Term, leader: MemberId | undefined): void {
    invariant(newTerm >= this.#term, 'terms only grow', { term: this.#term, newTerm });
    const hasNewLeader = newTerm > this.#term || leader !== this.#leader;
    if (hasNewLeader) {
      for (const id of this.#forwardedReads.takeAll()) this.#core.outbox.answerRead(id, undefined);
    }
    this.#leadership?.end(newTerm);
    // Merely hearing of a term does not count as hearing of a leader: others could keep this member quiet for ever.
    if (leader !== undefined || this.#role.kind !== 'follower' || newTerm === this.#term) this.#silentTicks = 0;
    if (hasNewLeader || this.#role.kind !== 'follower') this.#timeoutTicks = undefined;
    this.#role = follower;
    this.#leader = leader;
    if (newTerm === this.#term) return;
    this.#term = newTerm;
    this.#vote = undefined;
    this.#saveHardState();
  }

  #saveHardState(): void {
    this.#core.outbox.saveHardState({ term: this.#term, vote: this.#vote });
  }

  /** Whether it leads, or has heard from its leader within the shortest election timeout. */
  get #isInTouch(): boolean {
    return this.#leadership !== undefined || (this.#leader !== undefined && !this.#isLeaderSilent);
  }

  get #isLeaderSilent(): boolean {
    return this.#silentTicks >= this.#core.options.electionTicks;
  }

  #voteRequest(message: VoteRequest): void {
    const { options, log, outbox } = this.#core;
    const { from, isPreVote } = message;
    const isFree = this.#vote === from || (this.#vote === undefined && this.#leader === undefined);
    const mayVote = message.term === this.#term ? isFree : isPreVote && !this.#isInTouch;
    const granted = mayVote && isUpToDate(message.last, log.last);
    const envelope = { from: options.self, to: from, isPreVote, granted } as const;
    if (isPreVote || !granted) {
      outbox.send({ kind: 'vote-reply', ...envelope, term: granted ? message.term : this.#term });
      return;
    }
    if (this.#vote === undefined) {
      this.#vote = from;
      this.#saveHardState();
    }
    this.#silentTicks = 0;
    outbox.sendAfterPersist({ kind: 'vote-reply', ...envelope, term: this.#term });
  }

  // Messages.

  #receive(message: RaftMessage): void {
    const { self } = this.#core.options;
    if (message.to !== self || message.from === self || !isPlausible(message)) return;
    if (message.term < this.#term) return this.#answerOutdated(message);
    if (message.term > this.#term && !this.#adoptTerm(message)) return;
    switch (message.kind) {
      case 'vote-request':
        return this.#voteRequest(message);
      case 'vote-reply':
        return this.#voteReply(message);
      case 'append':
      case 'snapshot-chunk':
        return this.#fromLeader(message);
      case 'append-reply':
      case 'snapshot-reply':
        return this.#leadership?.reply(message);
      case 'timeout-now':
        if (message.from === this.#leader && this.#mayCampaign) this.#campaign(true);
        return undefined;
      case 'read-request':
        return this.#readRequest(message.from, message.id);
      case 'read-reply': {
        const id = message.from === this.#leader ? this.#forwardedReads.take(message.id) : undefined;
        if (id !== undefined) this.#core.outbox.answerRead(id, message.index);
        return undefined;
      }
      default:
        return unreachable(message);
    }
  }

  /** A message of a newer term. False: it is to be ignored. */
  #adoptTerm(message: RaftMessage): boolean {
    if (message.kind === 'vote-request') {
      if (message.isPreVote) return true;
      // A member that was cut off, or removed without knowing it, must not depose a leader that serves.
      if (this.#isInTouch && !message.isTransfer) return false;
    } else if (message.kind === 'vote-reply' && message.isPreVote && message.granted) {
      return true;
    }
    const isFromLeader = message.kind === 'append' || message.kind === 'snapshot-chunk';
    this.#follow(message.term, isFromLeader ? message.from : undefined);
    return true;
  }

  /**
   * The sender is behind. A leader or candidate is told, so that it steps down; otherwise a member whose term got ahead
   * while it was cut off could never be led again by a leader of a lower term, nor depose it.
   */
  #answerOutdated(message: RaftMessage): void {
    const { options, log, outbox } = this.#core;
    const envelope = { from: options.self, to: message.from, term: this.#term };
    if (message.kind === 'append' || message.kind === 'snapshot-chunk') {
      const outcome = { kind: 'rejected', rejected: log.last.index, hint: log.last } as const;
      outbox.send({ kind: 'append-reply', ...envelope, round: 0, outcome });
    } else if (message.kind === 'vote-request') {
      outbox.send({ kind: 'vote-reply', ...envelope, isPreVote: message.isPreVote, granted: false });
    } else if (message.kind === 'read-request') {
      outbox.send({ kind: 'read-reply', ...envelope, id: message.id, index: undefined });
    }
  }

  #fromLeader(message: LeaderMessage): void {
    // One leader per term: another one of the same term is no leader.
    if (this.#leadership !== undefined || (this.#leader !== undefined && this.#leader !== message.from)) return;
    this.#follow(this.#term, message.from);
    if (message.kind === 'append') this.#receiver.append(message);
    else this.#applied = logIndex(Math.max(this.#applied, this.#receiver.chunk(message)));
  }

  // Requests.

  #asLeader(act: (leadership: Leadership) => void): void {
    const leadership = this.#leadership;
    const refusal: RaftRefusal = { kind: 'not-leader', leader: this.#leader };
    if (leadership === undefined) this.#core.outbox.refuse(refusal);
    else act(leadership);
  }

  #read(id: number): void {
    const { options, outbox } = this.#core;
    const leadership = this.#leadership;
    if (leadership !== undefined) return leadership.read(undefined, id);
    const wireId = this.#leader === undefined ? undefined : this.#forwardedReads.add(id);
    if (this.#leader === undefined || wireId === undefined) return outbox.answerRead(id, undefined);
    return outbox.send({ kind: 'read-request', from: options.self, to: this.#leader, term: this.#term, id: wireId });
  }

  #readRequest(from: MemberId, id: number): void {
    const { options, outbox } = this.#core;
    const leadership = this.#leadership;
    if (leadership !== undefined) return leadership.read(from, id);
    return outbox.send({ kind: 'read-reply', from: options.self, to: from, term: this.#term, id, index: undefined });
  }
}
