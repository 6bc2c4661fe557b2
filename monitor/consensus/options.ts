import type { MemberId } from '../raft/types.js';

export interface ConsensusOptions {
  /** Of the store, which exists (`RaftStore.create`). */
  readonly directory: string;
  /** Whose directory it has to be. */
  readonly fsid: string;
  /** Default: whoever's store it is. */
  readonly member?: MemberId | undefined;
  /**
   * One tick of Raft's clock, in ms. Default 50: with 10 ticks a silent leader is replaced after 0.5 to 1 s. Lower finds a
   * dead leader sooner, and takes a busy one for dead.
   */
  readonly tickMs?: number | undefined;
  /** In ticks, as in `RaftOptions`. */
  readonly electionTicks?: number | undefined;
  readonly heartbeatTicks?: number | undefined;
  /** Of the log since the last snapshot, beyond which one is taken. Default 16 MiB. */
  readonly snapshotAfterBytes?: number | undefined;
  /** The same in entries. Default 20,000: what a start replays, and a returning member copies, entry by entry. */
  readonly snapshotAfterEntries?: number | undefined;
  /** Of a stored and sent snapshot. Default 256 KiB. */
  readonly chunkBytes?: number | undefined;
  /** As in `RaftOptions`. */
  readonly appendBytesMax?: number | undefined;
  readonly appendsInFlightMax?: number | undefined;
  readonly uncommittedBytesMax?: number | undefined;
  readonly retainedEntriesMax?: number | undefined;
  readonly heldBytesMax?: number | undefined;
  readonly transferIdleTicksMax?: number | undefined;
  /** Of one synced write; more waits for the next, so that no turn encodes for long. Default 8 MiB. */
  readonly writeBytesMax?: number | undefined;
}

export const optionDefaults = {
  tickMs: 50,
  electionTicks: 10,
  heartbeatTicks: 2,
  snapshotAfterBytes: 16 * 1024 * 1024,
  snapshotAfterEntries: 20_000,
  writeBytesMax: 8 * 1024 * 1024,
} as const;

/** Messages that arrived and were not stepped yet; beyond it the oldest are dropped, which Raft takes for a loss. */
export const inboundMessagesMax = 4_096;
export const inboundBytesMax = 64 * 1024 * 1024;
/** Proposals, and likewise barriers, that wait for anything; beyond it `OVERLOADED`. */
export const waitersMax = 10_000;
export const proposalBytesMax = 64 * 1024 * 1024;
/** Of one command. An append carries it whole. */
export const commandBytesMax = 16 * 1024 * 1024;
/** Not yet durable; beyond it no messages are taken in. */
export const unwrittenBytesMax = 64 * 1024 * 1024;

/** One turn of the event loop works on at most so many inputs or entries, and about so long (DESIGN.md §8: 20 ms in all). */
export const inputsPerTurn = 256;
export const turnMsMax = 8;

/**
 * How long news of what is committed waits for an append to travel with. Longer than one change after the other takes, so
 * that a busy leader sends none by themselves; when nothing follows, followers and their subscribers learn of the last
 * change so much later.
 */
export const noticeMs = 5;
