/** What the monitor sees of consensus: a replicated sequence of commands, applied in order to one state machine. */
import type { Steps } from '../../base/steps.js';
import type { WaitOptions } from '../../runtime/clock.js';
import type { LogEntry, LogIndex, MemberId, Membership, RaftMessage, Term } from '../raft/types.js';
import type { RaftInitial, RaftInput, RaftOutput, RaftStatus } from '../raft/output.js';
import type { ConsensusMetrics } from './metrics.js';

/** The state that committed commands build. Deterministic: same entries, same state, on every member and in every version. */
export interface StateMachine {
  /**
   * Called in log order, once per entry per run; entries of kind `noop` are not passed on. Throwing stops the daemon. A large
   * entry is applied in steps of a millisecond or two, between which other work runs, but no other entry or snapshot: readers
   * see nothing of it before the last step. Steps that a restored snapshot makes superfluous are not finished.
   */
  apply(entry: LogEntry): void | Steps<void>;
  /**
   * The state as of this call (not of the first `next`), as pieces of any size. It must not change while it is written,
   * whatever is applied meanwhile.
   */
  snapshot(): AsyncIterable<Uint8Array>;
  /**
   * Reads a snapshot, in slices if it is large: readers of the state go on meanwhile, and nothing is applied. The function
   * returned replaces the state, all at once; it is called at most once, and not when consensus was closed meanwhile.
   * Throws `CORRUPT` when the pieces are no snapshot.
   */
  restore(pieces: AsyncIterable<Uint8Array>): Promise<() => void>;
}

/** Carries messages to members; may lose, repeat and delay them. Never throws, never blocks. */
export interface Transport {
  send(message: RaftMessage): void;
  /** What was sent may leave: nothing follows in this turn. */
  flush(): void;
}

export interface Proposed {
  readonly index: LogIndex;
  readonly term: Term;
}

export interface ConsensusEvents {
  /** Role, term, leader or membership changed. */
  readonly onStatus?: (status: RaftStatus) => void;
  /** What the store held, before the first step: for tests that watch. */
  readonly onStart?: (initial: RaftInitial) => void;
  /** Every step of the core, before anything is done about it: for tests that watch. Throwing stops the daemon. */
  readonly onStep?: (input: RaftInput, output: RaftOutput, status: () => RaftStatus) => void;
}

export interface Consensus {
  readonly self: MemberId;
  readonly status: RaftStatus;
  readonly metrics: Readonly<ConsensusMetrics>;
  /** A message from another member arrived. */
  receive(message: RaftMessage): void;
  /**
   * Resolves once the command is committed and applied here. Errors: `CONFLICT` (this member does not lead; `applied`
   * 'no'), `OVERLOADED`; `CANCELLED` (leadership was lost first; `applied` 'maybe'), `DEADLINE_EXCEEDED` ('maybe').
   * Commands are applied in the order proposed. `data` becomes consensus's.
   */
  propose(takeData: Uint8Array, wait: WaitOptions): Promise<Proposed>;
  /** As `propose`, for a change by one voter, or of learners. */
  changeMembership(membership: Membership, takeData: Uint8Array, wait: WaitOptions): Promise<Proposed>;
  /** Resolves when this member's state machine is at least as new as anything acknowledged before the call. */
  readBarrier(wait: WaitOptions): Promise<void>;
  /** Resolves when `to` leads. */
  transfer(to: MemberId, wait: WaitOptions): Promise<void>;
  /** Waiters get `CLOSED`. Idempotent. */
  close(): Promise<void>;
}
