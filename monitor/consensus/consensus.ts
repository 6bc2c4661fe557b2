/**
 * The driver: gives the pure core (`monitor/raft/`) a clock, a disk, a network and a state machine, and carries out what it
 * asks for.
 *
 *     messages, proposals, reads ──► turn ──► Raft.step ──► messages ─────────────────────────► transport
 *     ticks, `persisted`         ──►            │
 *                                               ├─► Persister ─ one synced write ─► `persisted`, then promises ─► transport
 *                                               └─► Applier ─► state machine ─► proposals resolve, barriers open
 *
 * What arrives in one turn of the event loop is stepped together at its end, so that it shares a write. Nothing waits
 * longer than that while the disk is idle.
 *
 * A process or machine that stood still for long goes on with what it knew. That is safe, and needs no clock: whatever a
 * leader of the past appends is refused by a majority of a later term, and each read asks a majority first. So one tick is
 * fed for each timer that fires, never several at once for the time lost: the messages that wait in the sockets come first,
 * and a follower that hears of its leader in them does not campaign. A leader that nobody follows any more steps down one
 * election timeout after it woke (CheckQuorum).
 */
import { CairnError, toCairnError } from '../../base/errors.js';
import { monotonicMs, type MonotonicMs } from '../../base/instants.js';
import type { Timer, WaitOptions } from '../../runtime/clock.js';
import type { Runtime } from '../../runtime/runtime.js';
import { supervise } from '../../runtime/supervise.js';
import type {
  Persist,
  RaftInput,
  RaftOutput,
  RaftStatus,
  SnapshotChunkToSend,
  TransferBegunAnew,
} from '../raft/output.js';
import { Raft } from '../raft/raft.js';
import type { MemberId, Membership, RaftMessage } from '../raft/types.js';
import { RaftStore, type OpenedRaftStore } from '../store/raft-store.js';
import { Applier, type SnapshotPosition } from './applier.js';
import { CommitNotices } from './commit-notices.js';
import { Inbox } from './inbox.js';
import { newMetrics, type ConsensusMetrics } from './metrics.js';
import { inputsPerTurn, optionDefaults, turnMsMax, type ConsensusOptions } from './options.js';
import { Persister } from './persister.js';
import { Proposals } from './proposals.js';
import { ReadBarriers } from './read-barriers.js';
import { Transfers } from './transfers.js';
import type { Consensus, ConsensusEvents, Proposed, StateMachine, Transport } from './types.js';

export interface ConsensusCollaborators {
  readonly transport: Transport;
  /** In the state before any entry; `openConsensus` restores the snapshot into it. */
  readonly machine: StateMachine;
  readonly events: ConsensusEvents;
}

/** Of commands proposed in one step; one larger command goes alone. */
const proposalBytesPerStep = 1024 * 1024;

/**
 * Opens the member's store and begins; resolves when the machine has all that was known to be committed. Errors: those of `RaftStore.open`, and `CORRUPT` of the machine's `restore`.
 */
export async function openConsensus(
  runtime: Runtime,
  options: ConsensusOptions,
  collaborators: ConsensusCollaborators,
): Promise<Consensus> {
  const { directory, fsid, member, chunkBytes } = options;
  const opened = await RaftStore.open(runtime, { directory, expected: { fsid, member }, chunkBytes });
  const { snapshot } = opened.initial;
  try {
    // A member that joins begins before the log, with nothing; its machine is in that state already.
    const content = snapshot.index > 0 ? opened.store.readSnapshot(snapshot) : undefined;
    if (content !== undefined) (await collaborators.machine.restore(content))();
  } catch (error) {
    await opened.store.close();
    throw error;
  }
  collaborators.events.onStart?.(opened.initial);
  const consensus = new RunningConsensus(runtime, options, { ...collaborators, opened });
  await consensus.replayed(opened.initial.commit ?? snapshot.index);
  return consensus;
}

class RunningConsensus implements Consensus {
  readonly self: MemberId;
  readonly metrics: ConsensusMetrics = newMetrics();
  readonly #runtime: Runtime;
  readonly #options: ConsensusOptions;
  readonly #transport: Transport;
  readonly #events: ConsensusEvents;
  readonly #store: RaftStore;
  readonly #raft: Raft;
  readonly #inbox = new Inbox();
  readonly #notices = new CommitNotices();
  readonly #persister: Persister;
  readonly #applier: Applier;
  readonly #proposals: Proposals;
  readonly #barriers: ReadBarriers;
  readonly #transfers: Transfers;
  readonly #tickMs: number;
  /** Work beside the turns: snapshots being saved, chunks being read. */
  readonly #beside = new Set<Promise<void>>();
  /** As it was told last. */
  #status: RaftStatus;
  /** As of the latest step; made when somebody asks. */
  #fresh: RaftStatus | undefined;
  /** As of the latest output. */
  #commit: number;
  #turn: Timer | undefined;
  #ticker: Timer | undefined;
  /** Set while notices are held. */
  #noticeTimer: Timer | undefined;
  #tickDue: MonotonicMs;
  #over: CairnError | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    runtime: Runtime,
    options: ConsensusOptions,
    collaborators: ConsensusCollaborators & { readonly opened: OpenedRaftStore },
  ) {
    const { opened, transport, machine, events } = collaborators;
    const { clock } = runtime;
    this.self = opened.identity.member;
    this.#runtime = runtime;
    this.#options = options;
    this.#transport = transport;
    this.#events = events;
    this.#store = opened.store;
    this.#raft = new Raft(raftOptions(this.self, options), opened.initial);
    this.#status = this.#raft.status;
    this.#commit = this.#status.commit;
    const onWork = (): void => this.#wake();
    this.#proposals = new Proposals(clock, onWork);
    this.#barriers = new ReadBarriers(clock, onWork);
    this.#transfers = new Transfers(clock);
    const onFailure = (error: unknown): void => this.#fail(error);
    const writing = {
      write: (persists: readonly Persist[], commit: number) => this.#store.write(persists, commit),
      onDurable: (output: number) => this.#onDurable(output),
      send: (messages: readonly RaftMessage[]) => this.#send(messages),
      onFailure,
    };
    const writeBytesMax = options.writeBytesMax ?? optionDefaults.writeBytesMax;
    this.#persister = new Persister(clock, { writeBytesMax }, { metrics: this.metrics, hooks: writing });
    const bounds = {
      bytes: options.snapshotAfterBytes ?? optionDefaults.snapshotAfterBytes,
      entries: options.snapshotAfterEntries ?? optionDefaults.snapshotAfterEntries,
    };
    const hooks = {
      readSnapshot: this.#store.readSnapshot.bind(this.#store),
      onApplied: this.#proposals.onApplied.bind(this.#proposals),
      onRestored: this.#proposals.onRestored.bind(this.#proposals),
      onSnapshotDue: this.#onSnapshotDue.bind(this),
      onWork,
      onFailure,
    };
    const snapshot = opened.initial.snapshot;
    this.#applier = new Applier(clock, { bounds, snapshot }, { machine, metrics: this.metrics, hooks });
    this.#tickMs = options.tickMs ?? optionDefaults.tickMs;
    this.#tickDue = clock.now();
    this.#scheduleTick();
  }

  get status(): RaftStatus {
    this.#fresh ??= this.#raft.status;
    return this.#fresh;
  }

  /** Whoever asks meanwhile would be told of an old state, or not be known. Returns early when this member has failed. */
  async replayed(index: number): Promise<void> {
    // Any step hands out what the core found committed.
    this.#step({ kind: 'tick', jitter: this.#runtime.random.float() });
    this.#wake();
    while (this.#applier.applied < index && this.#over === undefined) await this.#runtime.clock.yieldTurn();
  }

  receive(message: RaftMessage): void {
    if (this.#over !== undefined) return;
    this.metrics.messagesReceived += 1;
    if (message.to !== this.self) {
      this.metrics.messagesDropped += 1;
      return;
    }
    this.metrics.messagesDropped += this.#inbox.add(message);
    this.#wake();
  }

  propose(takeData: Uint8Array, wait: WaitOptions): Promise<Proposed> {
    return this.#proposals.add({ data: takeData, membership: undefined }, wait);
  }

  changeMembership(membership: Membership, takeData: Uint8Array, wait: WaitOptions): Promise<Proposed> {
    return this.#proposals.add({ data: takeData, membership }, wait);
  }

  readBarrier(wait: WaitOptions): Promise<void> {
    this.metrics.readBarriers += 1;
    return this.#barriers.add(wait);
  }

  transfer(to: MemberId, wait: WaitOptions): Promise<void> {
    return this.#transfers.add(to, wait, () => {
      const refused = this.#step({ kind: 'transfer', to })?.refused;
      this.#wake();
      return refused;
    });
  }

  close(): Promise<void> {
    this.#end(new CairnError('CLOSED', 'this monitor is closing; ask another one'));
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#store.close();
    await Promise.allSettled(this.#beside);
  }

  /** Everything that waits is told; nothing new begins. */
  #end(error: CairnError): void {
    if (this.#over !== undefined) return;
    this.#over = error;
    this.#turn?.cancel();
    this.#ticker?.cancel();
    this.#noticeTimer?.cancel();
    this.#applier.close();
    this.#persister.close(error);
    this.#proposals.close(error);
    this.#barriers.close(error);
    this.#transfers.close(error);
  }

  /** A broken invariant, a failed sync, a state machine that threw: this member stops, and its disk is as it was. */
  #fail(error: unknown): void {
    if (this.#over !== undefined) return;
    this.#end(new CairnError('CLOSED', `this monitor has failed: ${toCairnError(error).message}`, { cause: error }));
    this.#runtime.fatal(error);
  }

  #scheduleTick(): void {
    const { clock } = this.#runtime;
    this.#tickDue = monotonicMs(clock.now() + this.#tickMs);
    this.#ticker = clock.after(this.#tickMs, () => {
      this.#tick();
    });
  }

  #tick(): void {
    const { clock, random, log } = this.#runtime;
    const lateMs = clock.now() - this.#tickDue;
    if (lateMs > this.#tickMs * (this.#options.electionTicks ?? optionDefaults.electionTicks)) {
      this.metrics.stalls += 1;
      log.warn({ lateMs }, 'this monitor stood still for longer than an election takes');
    }
    this.#step({ kind: 'tick', jitter: random.float() });
    this.#barriers.onTick();
    if (this.#over !== undefined) return;
    this.#scheduleTick();
    this.#wake();
  }

  /** Has the turn come, at the end of this turn of the event loop. */
  #wake(): void {
    if (this.#over !== undefined) return;
    this.#turn ??= this.#runtime.clock.nextTurn(() => {
      this.#turn = undefined;
      this.#runTurn();
    });
  }

  #runTurn(): void {
    const { clock } = this.#runtime;
    const began = clock.now();
    for (let count = 0; count < inputsPerTurn && !this.#persister.isFull; count++) {
      const message = this.#over === undefined ? this.#inbox.take() : undefined;
      if (message === undefined) break;
      this.#step({ kind: 'message', message });
      if (clock.now() - began > turnMsMax) break;
    }
    if (this.#over === undefined && !this.#persister.isFull) this.#propose();
    this.#askForReads();
    // Away with it before the disk and the state machine keep this thread: the other members need longest.
    this.#transport.flush();
    this.#persister.flush();
    this.#applySome();
    this.#tellStatus();
    if (this.#hasWork) this.#wake();
  }

  get #hasWork(): boolean {
    if (this.#applier.hasWork || this.#barriers.hasWaiting) return true;
    return !this.#persister.isFull && (!this.#inbox.isEmpty || this.#proposals.hasWaiting);
  }

  #propose(): void {
    const proposals = this.#proposals.take(proposalBytesPerStep);
    const [first] = proposals;
    if (first === undefined) return;
    const output = this.#step(
      first.membership === undefined
        ? { kind: 'propose', commands: proposals.map(({ data }) => data) }
        : { kind: 'propose-membership', membership: first.membership, data: first.data },
    );
    if (output?.proposed !== undefined) {
      this.metrics.proposals += proposals.length;
      this.#proposals.appended(proposals, output.proposed.first, output.proposed.term);
    } else if (output?.refused !== undefined) {
      this.metrics.proposalsRefused += proposals.length;
      this.#proposals.refused(proposals, output.refused);
    }
  }

  #askForReads(): void {
    if (this.#over !== undefined) return;
    const id = this.#barriers.take();
    if (id === undefined) return;
    this.metrics.readRounds += 1;
    this.#step({ kind: 'read', id });
  }

  /** One step of the core, and all that can be done about it at once. `undefined` when this member has failed. */
  #step(input: RaftInput): RaftOutput | undefined {
    if (this.#over !== undefined) return undefined;
    let output;
    this.#fresh = undefined;
    try {
      output = this.#raft.step(input);
      this.#events.onStep?.(input, output, () => this.#raft.status);
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
    this.#send(output.messages);
    this.#commit = output.committed.at(-1)?.index ?? output.restore?.index ?? this.#commit;
    this.#persister.add(output, this.#commit);
    if (output.restore !== undefined) this.#applier.addRestore(output.restore, output.number);
    this.#applier.add(output.committed);
    for (const { id, index } of output.reads) this.#barriers.answered(id, index);
    if (output.pins !== undefined) this.#store.keepSnapshots(output.pins);
    for (const transfer of output.begunAnew) this.#noteNewBeginning(transfer);
    for (const chunk of output.snapshotChunks) this.#alongside('sending a snapshot', this.#sendChunk(chunk));
    return output;
  }

  #onDurable(output: number): void {
    this.#applier.onDurable(output);
    this.#step({ kind: 'persisted', output });
    // A follower that has nothing else to do has just promised what it was asked for: no turn would add to that.
    if (this.#status.role !== 'follower' || this.#hasWork) this.#wake();
  }

  #applySome(): void {
    if (this.#over !== undefined) return;
    try {
      this.#applier.applySome();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#barriers.onApplied(this.#applier.applied);
  }

  #send(messages: readonly RaftMessage[]): void {
    if (messages.length === 0) return;
    const now = this.#runtime.clock.now();
    this.#transmit(messages.filter((message) => this.#notices.passes(message, now)));
    this.#watchNotices(now);
  }

  #watchNotices(now: MonotonicMs): void {
    if (this.#noticeTimer !== undefined || this.#over !== undefined) return;
    const delayMs = this.#notices.msUntilDue(now);
    if (delayMs === undefined) return;
    const { clock } = this.#runtime;
    this.#noticeTimer = clock.after(delayMs, () => {
      this.#noticeTimer = undefined;
      this.#transmit(this.#notices.takeDue(clock.now()));
      this.#watchNotices(clock.now());
    });
  }

  #transmit(messages: readonly RaftMessage[]): void {
    if (this.#over !== undefined) return;
    for (const message of messages) {
      this.#transport.send(message);
      this.metrics.messagesSent += 1;
    }
  }

  async #sendChunk({ to, term, meta, chunk, round }: SnapshotChunkToSend): Promise<void> {
    const data = await this.#store.readChunk(meta, chunk);
    if (data === undefined) this.#step({ kind: 'snapshot-failed', to });
    else this.#send([{ kind: 'snapshot-chunk', from: this.self, to, term, meta, chunk, data, round }]);
    this.#wake();
  }

  #noteNewBeginning({ to, ...transfer }: TransferBegunAnew): void {
    this.metrics.transfersBegunAnew += 1;
    this.#runtime.log.info({ member: to, ...transfer }, 'a member is sent a newer snapshot from its beginning');
  }

  #onSnapshotDue(position: SnapshotPosition, view: AsyncIterable<Uint8Array>): void {
    this.#alongside('saving a snapshot', this.#saveSnapshot(position, view));
  }

  async #saveSnapshot(position: SnapshotPosition, view: AsyncIterable<Uint8Array>): Promise<void> {
    // Entries are applied when a majority has them, which this disk may not yet.
    await this.#persister.whenDurable();
    const snapshot = await this.#store.saveSnapshot(position, view);
    this.#applier.snapshotDone();
    if (snapshot === undefined || snapshot.index <= this.#raft.status.snapshot) return;
    this.metrics.snapshotsTaken += 1;
    this.#step({ kind: 'compacted', snapshot });
    this.#wake();
  }

  /** Work that no turn waits for; when it fails, so does this member. */
  #alongside(name: string, work: Promise<void>): void {
    this.#beside.add(work);
    supervise({ fatal: (error) => this.#fail(error) }, name, work);
    void work.catch(() => undefined).then(() => this.#beside.delete(work));
  }

  #tellStatus(): void {
    if (this.#over !== undefined) return;
    const before = this.#status;
    const { status } = this;
    if (status === before) return;
    this.#status = status;
    this.#proposals.onStatus(status);
    this.#transfers.onStatus(status);
    if (before.leader !== status.leader && status.leader !== undefined) this.metrics.leaderChanges += 1;
    const isSame =
      before.role === status.role &&
      before.term === status.term &&
      before.leader === status.leader &&
      before.isReady === status.isReady &&
      before.membership === status.membership;
    if (!isSame) this.#events.onStatus?.(status);
  }
}

function raftOptions(self: MemberId, options: ConsensusOptions): ConstructorParameters<typeof Raft>[0] {
  const { appendBytesMax, appendsInFlightMax, uncommittedBytesMax, retainedEntriesMax } = options;
  const { heldBytesMax, transferIdleTicksMax } = options;
  return {
    self,
    electionTicks: options.electionTicks ?? optionDefaults.electionTicks,
    heartbeatTicks: options.heartbeatTicks ?? optionDefaults.heartbeatTicks,
    ...(appendBytesMax === undefined ? {} : { appendBytesMax }),
    ...(appendsInFlightMax === undefined ? {} : { appendsInFlightMax }),
    ...(uncommittedBytesMax === undefined ? {} : { uncommittedBytesMax }),
    ...(retainedEntriesMax === undefined ? {} : { retainedEntriesMax }),
    ...(heldBytesMax === undefined ? {} : { heldBytesMax }),
    ...(transferIdleTicksMax === undefined ? {} : { transferIdleTicksMax }),
  };
}
