/**
 * Which change of membership may follow another. With at most one voter more or less, any majority of the old voters
 * meets any majority of the new ones, so both may be in force at once on different members (thesis, section 4.1).
 */
import { isVoter, isWellFormed } from './membership-history.js';
import { membersMax, promotionLagMax } from './options.js';
import type { RaftProgress } from './output.js';
import type { LogIndex, MemberId, Membership } from './types.js';

/** Why `next` must not follow `current`, in words; `undefined` when it may. */
export function membershipObjection(change: {
  readonly current: Membership;
  readonly next: Membership;
  readonly commit: LogIndex;
  readonly progress: (member: MemberId) => RaftProgress | undefined;
}): string | undefined {
  const { current, next, commit, progress } = change;
  if (!isWellFormed(next)) return 'voters and learners must be sorted, without duplicates, and disjoint';
  if (Math.max(next.voters.length, next.learners.length) > membersMax) {
    return `there are at most ${membersMax} voters and ${membersMax} learners, not ${next.voters.length} and ${next.learners.length}`;
  }
  if (next.voters.length === 0) return 'the last voter cannot be removed';
  const added = next.voters.filter((member) => !isVoter(current, member));
  const removed = current.voters.filter((member) => !isVoter(next, member));
  if (added.length + removed.length > 1) {
    return `one voter at a time: this adds ${list(added)} and removes ${list(removed)}`;
  }
  const [promoted] = added;
  if (promoted === undefined) return undefined;
  if (!current.learners.includes(promoted)) return `member ${promoted} must be a learner first, and catch up`;
  const at = progress(promoted);
  const lag = commit - (at?.matched ?? 0);
  if (at?.state !== 'replicating' || lag > promotionLagMax) {
    return `member ${promoted} must catch up first: it is ${Math.max(lag, 0)} entries behind (${at?.state ?? 'unknown'})`;
  }
  return undefined;
}

function list(members: readonly MemberId[]): string {
  return members.length === 0 ? 'none' : members.join(', ');
}
