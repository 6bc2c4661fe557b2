/** Options with their defaults, and the bounds that are not options. */
import { invariant } from '../../base/invariant.js';
import type { RaftOptions } from './output.js';
import type { LogEntry } from './types.js';

export type ResolvedRaftOptions = Required<RaftOptions>;

/** Snapshot chunks on their way to one member: the second travels while the first is written. */
export const snapshotChunksInFlightMax = 2;

/**
 * Entries that a compacted log keeps in memory before its snapshot, so that a member that lags by a moment is not sent
 * a whole snapshot: whichever bound comes first. 8 MiB is small beside the uncommitted entries that memory must hold.
 */
const retainedEntriesMaxDefault = 4_096;
export const retainedBytesMax = 8 * 1024 * 1024;

/**
 * The log that follows a snapshot while that is sent: several times what a leader takes its next snapshot after (16 MiB). A
 * link that carries less than the log grows by will never catch up, and memory is not held for it.
 */
const heldBytesMaxDefault = 64 * 1024 * 1024;

/** 30 s of 50 ms: a chunk of 256 KiB over the slowest link that a monitor is of any use behind. */
const transferIdleTicksMaxDefault = 600;

/**
 * How far behind the commit a learner may be, in entries, when it becomes a voter: what one or two appends carry. One
 * that is further behind would leave the cluster unable to commit, should another voter fail, until it caught up.
 */
export const promotionLagMax = 1_024;

/** Of voters and of learners each. A quorum of more than a handful is slow; this bounds what is proposed, stored and sent. */
export const membersMax = 64;

/** Reads that wait on one member, its own and forwarded ones; more are refused. */
export const waitingReadsMax = 4_096;

/** In memory, for an entry beside its data: the object, its two numbers, its place in the arrays. */
const entryOverheadBytes = 64;

export function resolveRaftOptions(options: RaftOptions): ResolvedRaftOptions {
  const resolved: ResolvedRaftOptions = {
    self: options.self,
    electionTicks: options.electionTicks ?? 10,
    heartbeatTicks: options.heartbeatTicks ?? 2,
    appendBytesMax: options.appendBytesMax ?? 1024 * 1024,
    appendsInFlightMax: options.appendsInFlightMax ?? 64,
    uncommittedBytesMax: options.uncommittedBytesMax ?? 64 * 1024 * 1024,
    retainedEntriesMax: options.retainedEntriesMax ?? retainedEntriesMaxDefault,
    heldBytesMax: options.heldBytesMax ?? heldBytesMaxDefault,
    transferIdleTicksMax: options.transferIdleTicksMax ?? transferIdleTicksMaxDefault,
  };
  const { self: _self, ...counts } = resolved;
  for (const [name, value] of Object.entries(counts)) {
    invariant(Number.isSafeInteger(value) && value >= 1, 'an option of Raft is a whole number from 1', { name, value });
  }
  // Several heartbeats fit into the shortest election timeout: losing one must not depose a leader.
  invariant(
    resolved.heartbeatTicks * 5 <= resolved.electionTicks,
    'heartbeats are five times as frequent as elections',
    {
      heartbeatTicks: resolved.heartbeatTicks,
      electionTicks: resolved.electionTicks,
    },
  );
  return resolved;
}

/** What an entry counts against bounds in bytes. */
export function entryBytes(entry: Pick<LogEntry, 'kind'> & { readonly data?: Uint8Array }): number {
  return entryOverheadBytes + (entry.data?.length ?? 0);
}
