/** What goes into a step of Raft, and what the step asks its driver to do, in which order. */
import type { HardState, LogEntry, LogIndex, MemberId, Membership, RaftMessage, SnapshotMeta, Term } from './types.js';

export type RaftInput =
  /** Every `tickMs` of the driver's monotonic clock. `jitter`, from 0 to below 1, draws the next election timeout. */
  | { readonly kind: 'tick'; readonly jitter: number }
  | { readonly kind: 'message'; readonly message: RaftMessage }
  /** Appends commands in order. Refused (see `RaftOutput.refused`) on any but the leader, and while it transfers. */
  | { readonly kind: 'propose'; readonly commands: readonly Uint8Array[] }
  /** At most one voter more or less than now; one change at a time. `data` rides in the entry. */
  | { readonly kind: 'propose-membership'; readonly membership: Membership; readonly data: Uint8Array }
  /** Wants an index at which a read is linearizable; answered in `reads`, also by a follower through its leader. */
  | { readonly kind: 'read'; readonly id: number }
  | { readonly kind: 'transfer'; readonly to: MemberId }
  /** Everything of the outputs up to and with number `output` is durable. */
  | { readonly kind: 'persisted'; readonly output: number }
  /**
   * The driver took a snapshot of the applied state and made it durable: the log up to its index may be dropped. Written
   * after every output that has the entries it covers: else a crash could leave it beside the stale end of an older log.
   */
  | { readonly kind: 'compacted'; readonly snapshot: SnapshotMeta }
  /** A chunk asked for by `snapshotChunks` could not be read any more (a newer snapshot took its place), or was lost. */
  | { readonly kind: 'snapshot-failed'; readonly to: MemberId };

/**
 * The driver carries out outputs in the order of their numbers. `persist` of several outputs may share one synced
 * write. It reports `persisted` once durable, and only then sends `afterPersist`; all else it does at once.
 */
export interface RaftOutput {
  /** 1, 2, 3… */
  readonly number: number;
  readonly persist: Persist | undefined;
  /** May leave at once: none of them promises anything about this member's disk. */
  readonly messages: readonly RaftMessage[];
  /** Votes, matched appends, snapshot replies: promises that a restart must not forget. */
  readonly afterPersist: readonly RaftMessage[];
  /** Chunks for the driver to read from its store and to send as `snapshot-chunk` with the envelope given. */
  readonly snapshotChunks: readonly SnapshotChunkToSend[];
  /**
   * Set when it changes: snapshots whose chunks the store keeps readable from now on, though newer ones take their place,
   * and no others. Until the next restart; at most one of them is older than the snapshot last reported (`compacted`).
   */
  readonly pins: readonly SnapshotMeta[] | undefined;
  /** Members that had received a part of a snapshot and are sent a newer one from its beginning: to be logged. */
  readonly begunAnew: readonly TransferBegunAnew[];
  /** Newly committed, in order, each exactly once per run; already durable on a majority, perhaps not yet here. */
  readonly committed: readonly LogEntry[];
  /**
   * The state machine is replaced by this snapshot before `committed` of this or any later output is applied. The store
   * has it once this output's `persist`, with its last chunk, is written.
   */
  readonly restore: SnapshotMeta | undefined;
  /** Reads that are linearizable once everything up to `index` is applied; `undefined`: refused, try again. */
  readonly reads: readonly { readonly id: number; readonly index: LogIndex | undefined }[];
  /** Why a proposal or transfer of this step was not taken. */
  readonly refused: RaftRefusal | undefined;
  /** Where the proposal of this step stands: first index and term; it is committed when that index commits in that term. */
  readonly proposed: { readonly first: LogIndex; readonly term: Term } | undefined;
}

export type RaftRefusal =
  | { readonly kind: 'not-leader'; readonly leader: MemberId | undefined }
  | { readonly kind: 'transferring'; readonly to: MemberId }
  | { readonly kind: 'change-in-progress'; readonly index: LogIndex }
  /** The leader has not committed an entry of its term yet (thesis, section 4.1, and the erratum of 2015). */
  | { readonly kind: 'not-ready' }
  | { readonly kind: 'invalid-membership'; readonly reason: string }
  | { readonly kind: 'invalid-target'; readonly reason: string }
  /** Uncommitted entries fill their bound. */
  | { readonly kind: 'overloaded' };

export interface Persist {
  readonly hardState: HardState | undefined;
  /** The log keeps what is before `entries[0].index` and nothing after the last of them; empty: unchanged. */
  readonly entries: readonly LogEntry[];
  /** Chunks received; the last one completes the snapshot, which then replaces the log up to its index. */
  readonly snapshotChunk:
    { readonly meta: SnapshotMeta; readonly chunk: number; readonly data: Uint8Array } | undefined;
  /**
   * With the last chunk: the whole log is dropped with it, for it does not extend the snapshot. Otherwise entries after
   * the snapshot's index stay.
   */
  readonly dropsLog: boolean;
}

export interface SnapshotChunkToSend {
  readonly to: MemberId;
  readonly term: Term;
  readonly meta: SnapshotMeta;
  readonly chunk: number;
  readonly round: number;
}

export interface TransferBegunAnew {
  readonly to: MemberId;
  /** What it was being sent, and how many chunks of that it had. */
  readonly previous: LogIndex;
  readonly chunks: number;
  /** What it is sent now. */
  readonly snapshot: LogIndex;
}

/** In ticks unless said otherwise. */
export interface RaftOptions {
  readonly self: MemberId;
  /** Silence of the leader after which a member campaigns: this to twice this, drawn anew each time. Default 10. */
  readonly electionTicks?: number;
  /** Between heartbeats. Default 2; at most a fifth of `electionTicks`. */
  readonly heartbeatTicks?: number;
  /** Of entries in one append. Default 1 MiB; one larger entry goes alone. */
  readonly appendBytesMax?: number;
  /** Appends on their way to one member before it acknowledged them. Default 64. */
  readonly appendsInFlightMax?: number;
  /** Entries appended but not committed, beyond which proposals are refused. Default 64 MiB. */
  readonly uncommittedBytesMax?: number;
  /** Entries before the snapshot that stay in memory for members that lag a little. Default 4,096, at most 8 MiB. */
  readonly retainedEntriesMax?: number;
  /**
   * What of a compacted log stays in memory, beyond that, for a member that is being sent a snapshot. Default 64 MiB. More
   * lets a slower link finish before its snapshot is of no use.
   */
  readonly heldBytesMax?: number;
  /** A member that is sent a snapshot and gets no further for so long is not waited for. Default 600: 30 s. */
  readonly transferIdleTicksMax?: number;
}

/** What the driver found on its disk when it started; applied is `snapshot.index`, and the first step commits the rest. */
export interface RaftInitial {
  readonly hardState: HardState;
  readonly snapshot: SnapshotMeta;
  /** Without a gap, from `snapshot.index + 1`. */
  readonly entries: readonly LogEntry[];
  /** What of them was known to be committed: a member alone has that much of the state. Default: the snapshot only. */
  readonly commit?: LogIndex | undefined;
}

export interface RaftProgress {
  readonly member: MemberId;
  readonly matched: LogIndex;
  readonly next: LogIndex;
  readonly state: 'probing' | 'replicating' | 'snapshot';
  /** Heard from within the last one to two election timeouts; a leader takes everybody for active when it begins. */
  readonly isActive: boolean;
}

export interface RaftStatus {
  readonly role: 'follower' | 'pre-candidate' | 'candidate' | 'leader';
  readonly term: Term;
  readonly vote: MemberId | undefined;
  readonly leader: MemberId | undefined;
  /** A leader that committed an entry of its own term: from here its state machine can be up to date. */
  readonly isReady: boolean;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly last: LogIndex;
  readonly snapshot: LogIndex;
  readonly membership: Membership;
  readonly transferringTo: MemberId | undefined;
  /** On the leader, by member id; a removed member is among them until it had time to learn of it. */
  readonly progress: readonly RaftProgress[];
}
