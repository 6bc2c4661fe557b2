/**
 * What must hold for a cluster at any time (paper, figure 3), checked from the outside, step by step: nothing here reads
 * the core's own bookkeeping but its status. Each check costs what is new in the step; only an election walks a log.
 *
 * - Election safety: at most one leader per term. A member votes once per term, whatever it forgot.
 * - Log matching: an index and a term name one entry, with one entry before it, wherever it is written.
 * - Leader completeness: a new leader has every entry that was committed in an earlier term.
 * - State machine safety: all members apply the same entries, in order, each once per run.
 * - What is committed is durable on a majority; terms, votes and commits never go back.
 * - A promise that a driver sends (`sent`) is on the sender's disk by then, unless a later term has made it void.
 * - A member pins at most one snapshot older than its own, and none unless it leads.
 * - A read's index covers all that was committed anywhere when the read was asked for.
 */
import assert from 'node:assert/strict';
import type { Persist, RaftInitial, RaftInput, RaftOutput, RaftStatus } from '../../../monitor/raft/output.js';
import type {
  EntryPosition,
  HardState,
  LogEntry,
  MemberId,
  RaftMessage,
  SnapshotMeta,
} from '../../../monitor/raft/types.js';

/** A member's log: its snapshot's position and what follows. */
interface ModelLog {
  base: EntryPosition;
  entries: LogEntry[];
}

interface Watched {
  /** As handed out to be persisted. */
  readonly log: ModelLog;
  /** As reported durable. */
  readonly durable: ModelLog;
  hardState: HardState;
  durableHardState: HardState;
  /** Not reported durable yet, nor what waits for it. */
  outstanding: RaftOutput[];
  commit: number;
  readonly reads: Map<number, number>;
  pins: readonly SnapshotMeta[];
}

export class RaftInvariants {
  readonly #members = new Map<MemberId, Watched>();
  readonly #leaders = new Map<number, MemberId>();
  readonly #votes = new Map<string, MemberId>();
  /** By `term/index`. */
  readonly #written = new Map<string, { readonly entry: LogEntry; readonly previousTerm: number }>();
  /** By index; what the first member to commit it said. */
  readonly #committed = new Map<number, LogEntry>();
  /** By index: the term of the member that was the first to know. */
  readonly #committedIn = new Map<number, number>();
  #lastCommitted = 0;
  #snapshotsOutlived = 0;
  #transfersBegunAnew = 0;

  get lastCommitted(): number {
    return this.#lastCommitted;
  }

  /** Transfers that went on with an older snapshot than the leader's own to its end. */
  get snapshotsOutlived(): number {
    return this.#snapshotsOutlived;
  }

  get transfersBegunAnew(): number {
    return this.#transfersBegunAnew;
  }

  /** The founders begin with a snapshot there, which counts as committed. Without this call they begin at 0. */
  founded({ index, term }: EntryPosition): void {
    this.#committed.set(index, { index, term, kind: 'noop' });
    this.#lastCommitted = index;
  }

  /** A member begins a run with what it found on its disk. */
  started(member: MemberId, initial: RaftInitial): void {
    const { hardState, snapshot, entries } = initial;
    const before = this.#members.get(member);
    if (before !== undefined) {
      const { term: lastTerm, vote } = before.durableHardState;
      assert.ok(hardState.term >= lastTerm, `member ${member} forgot its term`);
      const keepsVote = hardState.term > lastTerm || vote === undefined || hardState.vote === vote;
      assert.ok(keepsVote, `member ${member} forgot that it voted for ${vote} in term ${lastTerm}`);
      const { base } = before.durable;
      assert.ok(snapshot.index >= base.index, `member ${member} forgot its snapshot of ${base.index}`);
      for (const entry of before.durable.entries) {
        // What is not committed may have been replaced by a write that survived without being reported.
        if (entry.index <= snapshot.index || this.#committed.get(entry.index)?.term !== entry.term) continue;
        const found = entries[entry.index - snapshot.index - 1];
        assert.equal(found?.term, entry.term, `member ${member} forgot the durable entry ${entry.index}`);
      }
    }
    this.#members.set(member, {
      log: { base: snapshot, entries: [...entries] },
      durable: { base: snapshot, entries: [...entries] },
      hardState,
      durableHardState: hardState,
      outstanding: [],
      commit: snapshot.index,
      reads: new Map(),
      pins: [],
    });
  }

  /** A member took `input`, answered with `output`, and is as `status` says now. */
  stepped(member: MemberId, input: RaftInput, output: RaftOutput, status: RaftStatus): void {
    const watched = this.#members.get(member);
    assert.ok(watched !== undefined, `member ${member} was not started`);
    if (input.kind === 'persisted') this.#persisted(member, watched, input.output);
    if (input.kind === 'compacted') checkCompaction(member, watched, input.snapshot);
    if (input.kind === 'compacted') compact(watched, input.snapshot);
    if (input.kind === 'read') watched.reads.set(input.id, this.#lastCommitted);
    if (output.persist !== undefined) this.#handedOut(member, watched, output.persist);
    if (output.persist !== undefined || watched.outstanding.length > 0) watched.outstanding.push(output);
    else this.#checkVotes(member, output);
    this.#checkElection(member, watched, status);
    checkEarlyPromises(member, watched, output);
    this.#checkCommitted(member, watched, output, status);
    this.#checkReads(member, watched, output);
    if (isOutlived(watched.pins, input, output, status)) this.#snapshotsOutlived += 1;
    this.#transfersBegunAnew += output.begunAnew.length;
    checkPins(member, watched, output, status);
    assert.deepEqual(watched.hardState, { term: status.term, vote: status.vote }, `member ${member} saves its vote`);
  }

  /** A driver hands `message` to the network. Only for drivers that do so after they have reported what is durable. */
  sent(message: RaftMessage): void {
    const from = this.#members.get(message.from);
    assert.ok(from !== undefined, `member ${message.from} was not started`);
    const promise = promiseOf(message);
    const { durable, durableHardState } = from;
    if (promise === undefined || durableHardState.term > message.term) return;
    const text = `member ${message.from} sent a ${message.kind} of term ${message.term}`;
    assert.equal(durableHardState.term, message.term, `${text} in a term that it may forget`);
    if (promise.vote !== undefined)
      assert.equal(durableHardState.vote, promise.vote, `${text} and may forget its vote`);
    const end = durable.base.index + durable.entries.length;
    assert.ok(end >= promise.index, `${text} about ${promise.index}, and has made ${end} durable`);
  }

  #persisted(member: MemberId, watched: Watched, output: number): void {
    const pending = watched.outstanding.findIndex(({ number, persist }) => number > output && persist !== undefined);
    const done = watched.outstanding.splice(0, pending === -1 ? watched.outstanding.length : pending);
    for (const released of done) {
      this.#checkVotes(member, released);
      if (released.persist === undefined) continue;
      if (released.persist.hardState !== undefined) watched.durableHardState = released.persist.hardState;
      applyPersist(watched.durable, released.persist);
    }
  }

  #handedOut(member: MemberId, watched: Watched, persist: Persist): void {
    const { hardState, entries } = persist;
    if (hardState !== undefined) {
      const before = watched.hardState;
      assert.ok(hardState.term >= before.term, `member ${member} went back to term ${hardState.term}`);
      const keepsVote = hardState.term > before.term || before.vote === undefined || before.vote === hardState.vote;
      assert.ok(keepsVote, `member ${member} changed its vote in term ${hardState.term}`);
      watched.hardState = hardState;
    }
    const [first] = entries;
    assert.ok(first === undefined || first.index > watched.commit, `member ${member} replaced committed entries`);
    applyPersist(watched.log, persist);
    for (const entry of entries) this.#checkMatching(watched.log, entry);
  }

  #checkMatching(log: ModelLog, entry: LogEntry): void {
    const key = `${entry.term}/${entry.index}`;
    const previousTerm = termAt(log, entry.index - 1) ?? -1;
    const known = this.#written.get(key);
    if (known === undefined) {
      this.#written.set(key, { entry, previousTerm });
      return;
    }
    assertSame(known.entry, entry);
    assert.equal(previousTerm, known.previousTerm, `two logs with ${key} differ before it`);
  }

  #checkElection(member: MemberId, watched: Watched, status: RaftStatus): void {
    if (status.role !== 'leader' || this.#leaders.get(status.term) === member) return;
    assert.equal(this.#leaders.get(status.term), undefined, `a second leader in term ${status.term}: ${member}`);
    this.#leaders.set(status.term, member);
    for (let index = watched.log.base.index + 1; index <= this.#lastCommitted; index++) {
      const committed = this.#committed.get(index);
      // Votes may arrive late: who wins an old term while a newer one has its leader commits nothing, and need not know.
      if (committed === undefined || (this.#committedIn.get(index) ?? 0) >= status.term) continue;
      assert.equal(termAt(watched.log, index), committed.term, `leader ${member} lacks the committed entry ${index}`);
    }
  }

  /** Votes that are on their way, now that what they wait for is durable. */
  #checkVotes(member: MemberId, output: RaftOutput): void {
    for (const message of output.afterPersist) {
      if (message.kind !== 'vote-reply' || message.isPreVote || !message.granted) continue;
      const key = `${message.term}/${member}`;
      const before = this.#votes.get(key) ?? message.to;
      assert.equal(message.to, before, `member ${member} voted twice in term ${message.term}`);
      this.#votes.set(key, message.to);
    }
    const early = output.messages.find(
      (message) => (message.kind === 'vote-reply' && message.granted && !message.isPreVote) || isCandidacy(message),
    );
    assert.equal(early, undefined, `member ${member} promised a vote before it was durable`);
  }

  #checkCommitted(member: MemberId, watched: Watched, output: RaftOutput, status: RaftStatus): void {
    const { restore, committed } = output;
    if (restore !== undefined) {
      assert.ok(restore.index > watched.commit, `member ${member} went back to a snapshot`);
      const known = this.#committed.get(restore.index);
      assert.equal(known?.term, restore.term, `member ${member} restored what was not committed`);
      watched.commit = restore.index;
    }
    for (const entry of committed) {
      assert.equal(entry.index, watched.commit + 1, `member ${member} applies in order`);
      watched.commit = entry.index;
      const known = this.#committed.get(entry.index);
      if (known === undefined) this.#firstCommitted(member, entry, status);
      else assertSame(known, entry);
    }
    assert.equal(status.applied, watched.commit, `member ${member} handed out all that it committed`);
  }

  #firstCommitted(member: MemberId, entry: LogEntry, status: RaftStatus): void {
    const { voters } = status.membership;
    this.#committed.set(entry.index, entry);
    this.#committedIn.set(entry.index, status.term);
    this.#lastCommitted = Math.max(this.#lastCommitted, entry.index);
    const holders = voters.filter((voter) => {
      const durable = this.#members.get(voter)?.durable;
      return (
        durable !== undefined && (durable.base.index >= entry.index || termAt(durable, entry.index) === entry.term)
      );
    });
    const text = `member ${member} committed ${entry.index}, durable on [${holders.join(' ')}] of [${voters.join(' ')}]`;
    assert.ok(holders.length * 2 > voters.length, text);
  }

  #checkReads(member: MemberId, watched: Watched, output: RaftOutput): void {
    for (const { id, index } of output.reads) {
      const atLeast = watched.reads.get(id);
      assert.ok(atLeast !== undefined, `member ${member} answered read ${id} once, and was asked`);
      watched.reads.delete(id);
      if (index !== undefined) assert.ok(index >= atLeast, `read ${id} at ${index} misses commit ${atLeast}`);
    }
  }
}

/** What is sent at once may say only what is durable already, in a term that is. */
function checkEarlyPromises(member: MemberId, { log, durable, durableHardState }: Watched, output: RaftOutput): void {
  for (const message of output.messages) {
    if (message.kind !== 'append-reply' || message.outcome.kind !== 'matched') continue;
    const { matched } = message.outcome;
    assert.equal(durableHardState.term, message.term, `member ${member} promised in a term that it may forget`);
    const isDurable = matched <= durable.base.index + durable.entries.length;
    assert.ok(isDurable, `member ${member} promised ${matched} before it was durable`);
    // What is durable there may be what the log had before.
    if (matched <= durable.base.index || matched <= log.base.index) continue;
    assert.equal(termAt(durable, matched), termAt(log, matched), `member ${member} promised ${matched} of another log`);
  }
}

/** What of its disk a message promises: the vote in its term, and the log up to an index. */
function promiseOf(message: RaftMessage): { readonly vote: MemberId | undefined; readonly index: number } | undefined {
  switch (message.kind) {
    case 'vote-request':
      return message.isPreVote ? undefined : { vote: message.from, index: message.last.index };
    case 'vote-reply':
      return message.granted && !message.isPreVote ? { vote: message.to, index: 0 } : undefined;
    case 'append-reply':
      return message.outcome.kind === 'matched' ? { vote: undefined, index: message.outcome.matched } : undefined;
    case 'snapshot-reply':
      return { vote: undefined, index: 0 };
    case 'append':
    case 'snapshot-chunk':
      // Who leads has its term and its vote on its disk, though not its log.
      return { vote: message.from, index: 0 };
    case 'timeout-now':
    case 'read-request':
    case 'read-reply':
      return undefined;
  }
}

function applyPersist(log: ModelLog, { entries, snapshotChunk, dropsLog }: Persist): void {
  const [first] = entries;
  if (first !== undefined) {
    const kept = Math.max(first.index - log.base.index - 1, 0);
    assert.ok(kept <= log.entries.length, 'logs have no gaps');
    log.entries.length = kept;
    for (const entry of entries) if (entry.index > log.base.index) log.entries.push(entry);
  }
  if (snapshotChunk === undefined || snapshotChunk.chunk < snapshotChunk.meta.chunks - 1) return;
  replaceBase(log, snapshotChunk.meta, dropsLog);
}

/** Whether an older snapshot that was pinned is not any more, because its receiver has it. */
function isOutlived(
  before: readonly SnapshotMeta[],
  input: RaftInput,
  { pins }: RaftOutput,
  { snapshot }: RaftStatus,
): boolean {
  if (input.kind !== 'message' || input.message.kind !== 'snapshot-reply' || pins === undefined) return false;
  const { snapshot: received, next } = input.message;
  const meta = before.find(({ index }) => index === received);
  return meta !== undefined && !pins.includes(meta) && next === meta.chunks && meta.index < snapshot;
}

function checkPins(member: MemberId, watched: Watched, { pins }: RaftOutput, status: RaftStatus): void {
  watched.pins = pins ?? watched.pins;
  if (watched.pins.length === 0) return;
  assert.equal(status.role, 'leader', `member ${member} pins a snapshot and does not lead`);
  const older = watched.pins.filter(({ index }) => index < status.snapshot);
  assert.ok(older.length <= 1, `member ${member} pins ${older.length} snapshots older than its own`);
  assert.equal(new Set(watched.pins).size, watched.pins.length, `member ${member} pins a snapshot twice`);
}

/** Were the snapshot durable before what it covers, a crash could leave it beside the stale end of an older log. */
function checkCompaction(member: MemberId, { durable, outstanding }: Watched, { index, term }: EntryPosition): void {
  if (index <= durable.base.index) return;
  assert.equal(termAt(durable, index), term, `member ${member} has a snapshot of ${index}, and not that entry`);
  const covered = outstanding.find(({ persist }) => (persist?.entries[0]?.index ?? Infinity) <= index);
  assert.equal(covered, undefined, `member ${member} has a snapshot of ${index}, part of which is still being written`);
}

function compact(watched: Watched, snapshot: EntryPosition): void {
  for (const log of [watched.log, watched.durable]) {
    if (snapshot.index > log.base.index) replaceBase(log, snapshot, false);
  }
}

function replaceBase(log: ModelLog, base: EntryPosition, dropsLog: boolean): void {
  log.entries = dropsLog ? [] : log.entries.filter((entry) => entry.index > base.index);
  log.base = base;
}

function termAt(log: ModelLog, index: number): number | undefined {
  return index === log.base.index ? log.base.term : log.entries[index - log.base.index - 1]?.term;
}

/** A candidate's request says that it votes for itself: it must not leave before that is durable either. */
function isCandidacy(message: RaftMessage): boolean {
  return message.kind === 'vote-request' && !message.isPreVote;
}

function assertSame(a: LogEntry, b: LogEntry): void {
  // Within one process entries are usually shared; only where they are not, their content is compared.
  if (a !== b) assert.deepEqual(a, b, `two entries at ${a.term}/${a.index}`);
}
