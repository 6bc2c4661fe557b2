/**
 * Which membership is in force: the newest in the log, committed or not (thesis, section 4.1). So truncating an entry
 * brings back the one before it.
 */
import { invariant } from '../../base/invariant.js';
import type { LogIndex, MemberId, Membership } from './types.js';

interface Change {
  readonly index: LogIndex;
  readonly membership: Membership;
}

export class MembershipHistory {
  /** By index; the first is the base, as of the log's snapshot, and is never truncated. */
  #changes: readonly [Change, ...Change[]];

  constructor(index: LogIndex, membership: Membership) {
    this.#changes = [{ index, membership }];
  }

  get latest(): Membership {
    return this.#last(1).membership;
  }

  /** Where `latest` stands in the log, or an index at or before the snapshot. */
  get latestIndex(): LogIndex {
    return this.#last(1).index;
  }

  /** The one that would be in force if the latest were truncated; the base for itself. */
  get previous(): Membership {
    return this.#last(2).membership;
  }

  /** As of `index`, which is at or after the base. */
  at(index: LogIndex): Membership {
    return (this.#changes.findLast((change) => change.index <= index) ?? this.#changes[0]).membership;
  }

  append(index: LogIndex, membership: Membership): void {
    invariant(index > this.latestIndex, 'memberships are appended in the order of the log', { index });
    this.#changes = [...this.#changes, { index, membership }];
  }

  /** Entries from `index` on are gone. */
  truncate(index: LogIndex): void {
    if (this.latestIndex < index) return;
    const [base, ...later] = this.#changes;
    this.#changes = [base, ...later.filter((change) => change.index < index)];
  }

  /** The log up to `index` became a snapshot, in which `membership` is in force. */
  compact(index: LogIndex, membership: Membership): void {
    this.#changes = [{ index, membership }, ...this.#changes.filter((change) => change.index > index)];
  }

  #last(count: number): Change {
    return this.#changes.at(-count) ?? this.#changes[0];
  }
}

export function isVoter(membership: Membership, member: MemberId): boolean {
  return membership.voters.includes(member);
}

export function isMember(membership: Membership, member: MemberId): boolean {
  return membership.voters.includes(member) || membership.learners.includes(member);
}

/** Both parts sorted, without duplicates, disjoint. */
export function isWellFormed(membership: Membership): boolean {
  const { voters, learners } = membership;
  return isAscending(voters) && isAscending(learners) && !learners.some((member) => voters.includes(member));
}

export function equalMemberships(a: Membership, b: Membership): boolean {
  return equalMembers(a.voters, b.voters) && equalMembers(a.learners, b.learners);
}

function equalMembers(a: readonly MemberId[], b: readonly MemberId[]): boolean {
  return a.length === b.length && a.every((member, i) => member === b[i]);
}

function isAscending(members: readonly MemberId[]): boolean {
  return members.every((member, i) => i === 0 || member > (members[i - 1] ?? member));
}
