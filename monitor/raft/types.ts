/**
 * The words of Raft here: ids, entries, membership, messages between members. "Paper" is Ongaro and Ousterhout,
 * "In Search of an Understandable Consensus Algorithm"; "thesis" is Ongaro, "Consensus: Bridging Theory and Practice".
 */
import type { Brand } from '../../base/brand.js';
import { invariant } from '../../base/invariant.js';

/**
 * One life of a monitor's disk, 1 to 2^32-1. Never reused: a monitor that lost its disk has forgotten its votes, so it
 * comes back under a new id.
 */
export type MemberId = Brand<number, 'MemberId'>;
/** From 0 (before the first election); grows only. */
export type Term = Brand<number, 'Term'>;
/** The first entry has 1; 0 stands for "before the log". */
export type LogIndex = Brand<number, 'LogIndex'>;

export function memberId(value: number): MemberId {
  invariant(Number.isInteger(value) && value >= 1 && value < 2 ** 32, 'a member id is 1 to 2^32-1', { value });
  return value as MemberId;
}

export function term(value: number): Term {
  invariant(Number.isSafeInteger(value) && value >= 0, 'a term is a safe integer from 0', { value });
  return value as Term;
}

export function logIndex(value: number): LogIndex {
  invariant(Number.isSafeInteger(value) && value >= 0, 'a log index is a safe integer from 0', { value });
  return value as LogIndex;
}

/** Both sorted, without duplicates, disjoint. A learner gets the log and counts nowhere. */
export interface Membership {
  readonly voters: readonly MemberId[];
  readonly learners: readonly MemberId[];
}

/** `data` is what the monitor proposed, opaque here; never changed once it is in an entry. */
export type LogEntry = EntryPosition &
  (
    | { readonly kind: 'noop' }
    | { readonly kind: 'command'; readonly data: Uint8Array }
    /** In force from the moment it is appended, until it is truncated (thesis, section 4.1). */
    | { readonly kind: 'membership'; readonly membership: Membership; readonly data: Uint8Array }
  );

export interface EntryPosition {
  readonly index: LogIndex;
  readonly term: Term;
}

/** What must survive any restart besides the log: a member votes once per term. */
export interface HardState {
  readonly term: Term;
  readonly vote: MemberId | undefined;
}

/** All that a snapshot replaces: every entry up to `index`. Its content is the store's, in chunks. */
export interface SnapshotMeta extends EntryPosition {
  /** As of `index`. */
  readonly membership: Membership;
  /** Content bytes in all chunks. */
  readonly bytes: number;
  /** At least 1 above index 0, even when there are no bytes: a snapshot without a chunk could not be sent. */
  readonly chunks: number;
  /** xxh64 over the content, 16 hex digits: chunks of two snapshots never mix. */
  readonly checksum: string;
}

interface Envelope {
  readonly from: MemberId;
  readonly to: MemberId;
  /** The sender's current term; in a pre-vote and its granted answer the term that an election would have. */
  readonly term: Term;
}

/** Messages may be lost, repeated, delayed without bound and reordered. */
export type RaftMessage =
  | (Envelope & {
      readonly kind: 'vote-request';
      /** Asks whether an election could succeed, without changing anybody's term (thesis, section 9.6). */
      readonly isPreVote: boolean;
      /** The sender was told to campaign by the leader: members in touch with that leader answer all the same. */
      readonly isTransfer: boolean;
      readonly last: EntryPosition;
    })
  | (Envelope & { readonly kind: 'vote-reply'; readonly isPreVote: boolean; readonly granted: boolean })
  | (Envelope & {
      /** Also the heartbeat, with no entries. */
      readonly kind: 'append';
      readonly previous: EntryPosition;
      readonly entries: readonly LogEntry[];
      readonly commit: LogIndex;
      /** Grows with each round of the leader; the reply carries it back: ReadIndex and CheckQuorum count rounds. */
      readonly round: number;
    })
  | (Envelope & {
      readonly kind: 'append-reply';
      readonly round: number;
      readonly outcome:
        /** All up to `matched` equals the leader's log and is durable here. */
        | { readonly kind: 'matched'; readonly matched: LogIndex }
        /**
         * `previous` did not fit: `rejected` is its index; `hint` the last own position whose term is not above the
         * leader's `previous.term`, so that one round trip skips a whole term (paper, end of section 5.3).
         */
        | { readonly kind: 'rejected'; readonly rejected: LogIndex; readonly hint: EntryPosition };
    })
  | (Envelope & {
      readonly kind: 'snapshot-chunk';
      readonly meta: SnapshotMeta;
      /** 0-based. */
      readonly chunk: number;
      readonly data: Uint8Array;
      readonly round: number;
    })
  | (Envelope & {
      readonly kind: 'snapshot-reply';
      readonly snapshot: LogIndex;
      /** The next chunk wanted; `meta.chunks` when the whole snapshot is durable and in force. */
      readonly next: number;
      readonly round: number;
    })
  /** The leader tells a caught-up voter to campaign at once (thesis, section 3.10). */
  | (Envelope & { readonly kind: 'timeout-now' })
  /** A follower asks for an index that a linearizable read may use; `id` is the follower's own. */
  | (Envelope & { readonly kind: 'read-request'; readonly id: number })
  | (Envelope & { readonly kind: 'read-reply'; readonly id: number; readonly index: LogIndex | undefined });
