/**
 * The leader's copies: sends its log to every other member, in batches, several on their way at once, and notes what
 * came of it (paper, section 5.3; thesis, section 10.2). Losses are noticed by heartbeats: each says what should be
 * there already, so that a member which lacks it refuses.
 *
 * A member that was sent a part of a snapshot goes on with that one when newer ones take its place. Until it has it and all
 * that was compacted meanwhile, the store keeps the snapshot (a pin) and memory the log behind it (a hold):
 *
 *     snapshot being sent      snapshots since    in force      last
 *             |  held in memory      |               |           |
 *
 * That ends, and the transfer begins anew with the snapshot in force, when the member gets no further for
 * `transferIdleTicksMax`, when the log held would be more than `heldBytesMax`, and when another member's older snapshot is
 * kept already: a store keeps one. A member that has no chunk yet loses nothing by a new beginning, and pins nothing; so
 * one that is down does not either.
 */
import { invariant } from '../../base/invariant.js';
import type { RaftCore } from './core.js';
import { isMember } from './membership-history.js';
import type { RaftProgress } from './output.js';
import { Progress } from './progress.js';
import type { SnapshotTransfer } from './snapshot-transfer.js';
import {
  logIndex,
  term,
  type EntryPosition,
  type LogEntry,
  type LogIndex,
  type MemberId,
  type RaftMessage,
  type SnapshotMeta,
  type Term,
} from './types.js';

type AppendReply = Extract<RaftMessage, { readonly kind: 'append-reply' }>;
type SnapshotReply = Extract<RaftMessage, { readonly kind: 'snapshot-reply' }>;

/** Fits any log: what a heartbeat to a member says whose log is elsewhere. */
const beforeTheLog: EntryPosition = { index: logIndex(0), term: term(0) };
const noEntries: readonly LogEntry[] = Object.freeze([]);
const noPins: readonly SnapshotMeta[] = Object.freeze([]);

export class Replication {
  readonly #core: RaftCore;
  readonly #term: Term;
  /** By member id, so that every run sends in the same order. */
  #members = new Map<MemberId, Progress>();
  /** The first one are the probes of a new leader. */
  #round = 1;

  constructor(core: RaftCore, ownTerm: Term) {
    this.#core = core;
    this.#term = ownTerm;
    this.followMembership();
  }

  /** The latest round begun: answers to it were given after it. */
  get round(): number {
    return this.#round;
  }

  get progress(): readonly RaftProgress[] {
    return [...this.#members.values()].map((progress) => progress.status);
  }

  /** Snapshots that members have parts of, oldest first; after `pump`, at most one is older than the one in force. */
  get pins(): readonly SnapshotMeta[] {
    let pins: SnapshotMeta[] | undefined;
    for (const progress of this.#members.values()) {
      const meta = this.#pinOf(progress);
      if (meta === undefined || pins?.includes(meta) === true) continue;
      (pins ??= []).push(meta);
      pins.sort((a, b) => a.index - b.index);
    }
    return pins ?? noPins;
  }

  /** Behind which position the log is needed by members that are being sent a snapshot, or were; `undefined`: by none. */
  get holdFrom(): LogIndex | undefined {
    const { log, options } = this.#core;
    let from: LogIndex | undefined;
    for (const progress of this.#members.values()) {
      const isSlow = progress.isCatchingUp && progress.idleTicks <= options.transferIdleTicksMax;
      const index = this.#pinOf(progress)?.index ?? (isSlow ? progress.matched : undefined);
      // Of what is gone already nothing can be held, and it must not hide what can.
      if (index === undefined || index < log.offset.index) continue;
      if (from === undefined || index < from) from = index;
    }
    return from;
  }

  find(member: MemberId): Progress | undefined {
    return this.#members.get(member);
  }

  /** From now on counts who says anything. */
  forgetActivity(): void {
    for (const progress of this.#members.values()) progress.forgetActivity();
  }

  /** The latest membership changed: newcomers get the log; who left gets it until it knows. */
  followMembership(): void {
    const { log, options } = this.#core;
    const latest = log.memberships.latest;
    for (const progress of this.#members.values()) {
      if (isMember(latest, progress.member)) progress.departingTicks = undefined;
      else progress.departingTicks ??= 0;
    }
    const newcomers = [...latest.voters, ...latest.learners].filter(
      (member) => member !== options.self && !this.#members.has(member),
    );
    if (newcomers.length === 0) return;
    const added = newcomers.map((member) => new Progress(member, logIndex(log.last.index + 1)));
    const all = [...this.#members.values(), ...added].sort((a, b) => a.member - b.member);
    this.#members = new Map(all.map((progress) => [progress.member, progress]));
  }

  /**
   * Begins a round: asks every member to say that it still follows. It says what the member has by now, if all that was
   * sent arrived; so it also finds what was lost.
   */
  beginRound(): void {
    this.#round++;
    for (const progress of this.#members.values()) {
      const previous = this.#previousOf(progress);
      this.#send(progress, previous ?? beforeTheLog, noEntries);
    }
  }

  /** Sends to each member what its window allows. */
  pump(): void {
    for (const progress of this.#members.values()) this.#pump(progress);
  }

  tick(): void {
    const { log, options } = this.#core;
    for (const progress of this.#members.values()) {
      progress.tick();
      if (progress.matched >= log.snapshot.index) progress.caughtUp();
      if (progress.state.kind === 'snapshot') progress.state.transfer.tick(options.electionTicks);
      if (progress.departingTicks === undefined || log.memberships.latestIndex > log.commit) continue;
      // Time enough to learn that its removal is committed. Should it miss that, its votes disturb nobody all the same.
      progress.departingTicks++;
      if (progress.departingTicks > options.electionTicks) this.#members.delete(progress.member);
    }
  }

  appendReply(progress: Progress, { outcome, round }: AppendReply): void {
    const { log } = this.#core;
    progress.heard(round);
    if (outcome.kind === 'matched') {
      // More than this leader has sent: not an answer to it.
      if (outcome.matched <= log.last.index) progress.match(outcome.matched, log.offset.index);
    } else if (progress.isRejection(outcome.rejected)) {
      progress.probeFrom(log.lastNotAbove(outcome.hint.index, outcome.hint.term) + 1);
    }
  }

  snapshotReply(progress: Progress, { snapshot, next, round }: SnapshotReply): void {
    progress.heard(round);
    if (progress.state.kind !== 'snapshot') return;
    const { transfer } = progress.state;
    if (transfer.meta.index !== snapshot || next > transfer.meta.chunks) return;
    progress.acknowledgeChunk(transfer, next);
    if (transfer.isComplete) this.#finishSnapshot(progress, transfer.meta);
  }

  /** The driver could not read or send a chunk for `member`. */
  snapshotFailed(member: MemberId): void {
    const progress = this.#members.get(member);
    if (progress?.state.kind !== 'snapshot') return;
    const { snapshot } = this.#core.log;
    const { transfer } = progress.state;
    if (transfer.meta.index === snapshot.index) transfer.failed(this.#core.options.electionTicks);
    else this.#beginAnew(progress, transfer);
  }

  #beginAnew(progress: Progress, { meta, acknowledged }: SnapshotTransfer): void {
    const { log, outbox } = this.#core;
    const { index } = log.snapshot;
    if (acknowledged > 0) {
      outbox.beganAnew({ to: progress.member, previous: meta.index, chunks: acknowledged, snapshot: index });
    }
    progress.sendSnapshot(log.snapshot);
  }

  /** What must stay readable for this member. */
  #pinOf(progress: Progress): SnapshotMeta | undefined {
    if (progress.state.kind !== 'snapshot') return undefined;
    const { meta, acknowledged } = progress.state.transfer;
    const isWorthIt = acknowledged > 0 && progress.idleTicks <= this.#core.options.transferIdleTicksMax;
    return isWorthIt ? meta : undefined;
  }

  /** Whether it may go on with the snapshot that it began, or else is to begin anew with the one in force. */
  #mayGoOn(progress: Progress, { meta }: SnapshotTransfer): boolean {
    const { log } = this.#core;
    if (meta.index >= log.snapshot.index) return true;
    if (this.#pinOf(progress) === undefined || meta.index < log.offset.index) return false;
    // One older snapshot is kept: the one begun first, so that somebody always gets to the end.
    return this.pins.every((other) => other.index >= meta.index || other.index < log.offset.index);
  }

  #finishSnapshot(progress: Progress, meta: SnapshotMeta): void {
    const { log } = this.#core;
    progress.match(meta.index, log.offset.index);
    // The log was cut beyond it meanwhile.
    if (progress.state.kind === 'snapshot') this.#beginAnew(progress, progress.state.transfer);
  }

  #pump(progress: Progress): void {
    const { log, options } = this.#core;
    if (progress.state.kind !== 'snapshot' && this.#previousOf(progress) === undefined) {
      progress.sendSnapshot(log.snapshot);
    }
    const { state } = progress;
    switch (state.kind) {
      case 'probing':
        if (!state.isAwaiting) this.#sendEntries(progress);
        break;
      case 'replicating':
        while (progress.next <= log.last.index && state.inFlight.length < options.appendsInFlightMax) {
          this.#sendEntries(progress);
        }
        if (progress.toldCommit < Math.min(log.commit, progress.next - 1)) {
          this.#send(progress, this.#position(progress.next - 1), noEntries);
        }
        break;
      case 'snapshot':
        if (!this.#mayGoOn(progress, state.transfer)) this.#beginAnew(progress, state.transfer);
        this.#sendChunks(progress);
        break;
    }
  }

  #sendEntries(progress: Progress): void {
    const { log, options } = this.#core;
    const { next } = progress;
    const entries = next > log.last.index ? noEntries : log.entriesWithin(next, options.appendBytesMax);
    this.#send(progress, this.#position(next - 1), entries);
    progress.sent(logIndex(next + entries.length - 1));
  }

  #sendChunks(progress: Progress): void {
    if (progress.state.kind !== 'snapshot') return;
    const { transfer } = progress.state;
    const { meta } = transfer;
    for (const chunk of transfer.takeChunks()) {
      this.#core.outbox.sendChunk({ to: progress.member, term: this.#term, meta, chunk, round: this.#round });
    }
  }

  #send(progress: Progress, previous: EntryPosition, entries: readonly LogEntry[]): void {
    const { options, log, outbox } = this.#core;
    const { commit } = log;
    progress.toldCommit = Math.max(progress.toldCommit, Math.min(commit, previous.index + entries.length));
    const [from, to, ofTerm, round] = [options.self, progress.member, this.#term, this.#round];
    outbox.send({ kind: 'append', from, to, term: ofTerm, previous, entries, commit, round });
  }

  /** What the member should have before the next entry; `undefined` when the log no longer knows it. */
  #previousOf(progress: Progress): EntryPosition | undefined {
    if (progress.state.kind === 'snapshot') return undefined;
    const index = logIndex(progress.next - 1);
    const known = this.#core.log.termAt(index);
    return known === undefined ? undefined : { index, term: known };
  }

  #position(index: number): EntryPosition {
    const known = this.#core.log.termAt(index);
    invariant(known !== undefined, 'a member that gets entries is not behind the log in memory', { index });
    return { index: logIndex(index), term: known };
  }
}
