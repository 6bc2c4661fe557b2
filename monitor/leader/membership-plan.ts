/**
 * Which change of membership comes next, if any: pure. The map says which monitors there are; Raft's membership follows it,
 * one server at a time:
 *   1. who is in Raft and not in the map (a monitor that was removed, or the forgotten life of one that lost its disk)
 *      leaves first: it counts against the quorum and will never answer;
 *   2. a learner that has caught up becomes a voter.
 */
import { type MemberId, memberId, type Membership } from '../raft/types.js';
import type { RaftStatus } from '../raft/output.js';
import type { ClusterMap, MonitorInfo } from '../../cluster/map.js';

export interface MembershipStep {
  readonly membership: Membership;
  /** The monitor whose entry in the map changes with it. */
  readonly promoted: MonitorInfo | undefined;
  readonly why: string;
}

/** A learner so close to the leader's log follows it in time: some ms of a busy leader's entries. */
const caughtUpWithin = 100;

export function nextMembershipStep(
  { membership, progress, last }: Pick<RaftStatus, 'membership' | 'progress' | 'last'>,
  monitors: ClusterMap['monitors'],
): MembershipStep | undefined {
  const { voters, learners } = membership;
  const byMember = new Map([...monitors.values()].map((monitor) => [monitor.member, monitor]));

  const orphan = [...voters, ...learners].find((id) => !byMember.has(id));
  if (orphan !== undefined && (voters.length > 1 || !voters.includes(orphan))) {
    return {
      membership: without(membership, orphan),
      promoted: undefined,
      why: `member ${orphan} is no monitor any more`,
    };
  }
  for (const learner of learners) {
    const monitor = byMember.get(learner);
    const followed = progress.find(({ member }) => member === learner);
    // Raft refuses others, and would be asked again every beat.
    if (monitor === undefined || followed?.isActive !== true || followed.state !== 'replicating') continue;
    if (last - followed.matched > caughtUpWithin) continue;
    return {
      membership: { voters: sorted([...voters, learner]), learners: learners.filter((id) => id !== learner) },
      promoted: { ...monitor, role: 'voter' },
      why: `mon.${monitor.name} has caught up`,
    };
  }
  return undefined;
}

/** `id` as a learner beside those there are. */
export function withLearner({ voters, learners }: Membership, id: number): Membership {
  return { voters, learners: sorted([...learners, memberId(id)]) };
}

export function without({ voters, learners }: Membership, member: MemberId): Membership {
  return { voters: voters.filter((id) => id !== member), learners: learners.filter((id) => id !== member) };
}

function sorted(ids: readonly MemberId[]): readonly MemberId[] {
  return [...ids].sort((a, b) => a - b);
}
