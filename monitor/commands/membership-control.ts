import type { WaitOptions } from '../../runtime/clock.js';

/**
 * What the leader can do to the group of monitors. Whether it is wise is decided by the commands that call it; whether
 * it is possible, by Raft. Errors: those of `Consensus.changeMembership` and `Consensus.transfer`.
 */
export interface MembershipControl {
  /**
   * Resolves when the monitor is neither voter nor learner any more, and the map has neither it nor its entity and key:
   * one entry of the log does all of it. The leader may remove itself; another one is elected then.
   */
  remove(name: string, wait: WaitOptions): Promise<void>;
  /** Resolves when that monitor leads. */
  transfer(name: string, wait: WaitOptions): Promise<void>;
}
