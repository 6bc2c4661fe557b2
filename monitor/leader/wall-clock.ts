/**
 * The cluster's wall time: the leader's clock, made monotone through changes of the leader and jumps of its clock. It
 * decides lock and lifecycle dates and nothing about safety (DESIGN.md section 7).
 *
 * A leader hands out times up to a limit that stands in the Raft log, and asks for a higher limit before it gets there.
 * The next leader starts from that limit, so it is never behind anything handed out; until its clock gets there, time
 * stands still.
 */
import { type WallMs, wallMs } from '../../base/instants.js';

/** How far ahead of its time a limit is asked for: what time stands still, at most, after a change of the leader. */
export const limitAheadMs = 5_000;
/** Below this much left, a new limit is asked for: some twenty commits at the slowest disk. */
export const renewBelowMs = 2_500;

/** As the applied part of the log has it. */
export interface CommittedTime {
  readonly wall: WallMs;
  readonly wallLimit: WallMs;
}

export class WallClock {
  #last: WallMs;

  /** `floor` is the limit in the log when this leader took over. */
  constructor(floor: WallMs) {
    this.#last = floor;
  }

  /**
   * To be handed out now: never before an earlier answer or what was committed, never beyond the limit committed. `clock`
   * is this machine's.
   */
  now(clock: WallMs, committed: CommittedTime): WallMs {
    this.#last = wallMs(Math.max(this.#last, committed.wall, Math.min(clock, committed.wallLimit)));
    return this.#last;
  }

  /**
   * Of a transaction made now, together with `limitFor` the same. Nobody is told before it is committed: if this leader is
   * lost with it, the next one knows nothing of it.
   */
  next(clock: WallMs, committed: CommittedTime): WallMs {
    return wallMs(Math.max(this.#last, committed.wall, clock));
  }

  /** The limit to write into a transaction made now. */
  limitFor(clock: WallMs, limit: WallMs): WallMs {
    return wallMs(Math.max(limit, clock + limitAheadMs));
  }

  needsRenewal(clock: WallMs, limit: WallMs): boolean {
    return clock + renewBelowMs > limit;
  }
}
