import type { ActOptions } from './types.js';

/**
 * What the leader can do to the group of monitors. Whether it is wise is decided by the commands that call it; whether
 * it is possible, by Raft. Errors: those of `Consensus.changeMembership` and `Consensus.transfer`.
 */
export interface MembershipControl {
  /**
   * Resolves when the monitor is neither voter nor learner any more, and the map has neither it nor its entity and key:
   * one entry of the log does all of it, the audit record included. The leader may remove itself; another one is elected then.
   */
  remove(name: string, options: ActOptions): Promise<void>;
  /** Resolves when that monitor leads. Written to the audit trail before. */
  transfer(name: string, options: ActOptions): Promise<void>;
}
