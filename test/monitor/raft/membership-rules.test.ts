import assert from 'node:assert/strict';
import { membershipObjection } from '../../../monitor/raft/membership-rules.js';
import type { RaftProgress } from '../../../monitor/raft/output.js';
import { logIndex, memberId, type Membership } from '../../../monitor/raft/types.js';

function members(voters: readonly number[], learners: readonly number[] = []): Membership {
  return { voters: voters.map(memberId), learners: learners.map(memberId) };
}

function many(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

function objection(change: {
  readonly next: Membership;
  readonly matched?: number;
  readonly state?: RaftProgress['state'];
}): string | undefined {
  const { next, matched = 5_000, state = 'replicating' } = change;
  const at = { matched: logIndex(matched), next: logIndex(matched + 1), state, isActive: true };
  return membershipObjection({
    current: members([1, 2, 3], [4, 5]),
    next,
    commit: logIndex(5_000),
    progress: (member) => ({ member, ...at }),
  });
}

describe('a change of membership', () => {
  const allowed = [
    { name: 'promotes a learner', next: members([1, 2, 3, 4], [5]) },
    { name: 'promotes one that is 1,024 entries behind', next: members([1, 2, 3, 4], [5]), matched: 5_000 - 1_024 },
    { name: 'removes a voter', next: members([1, 2], [4, 5]) },
    { name: 'makes a learner of a voter', next: members([1, 2], [3, 4, 5]) },
    { name: 'changes learners at will', next: members([1, 2, 3], [6, 7, 8]) },
    { name: 'has as many learners as can be stored', next: members([1, 2, 3], many(10, 64)) },
    { name: 'changes nothing but its data', next: members([1, 2, 3], [4, 5]) },
  ];
  for (const c of allowed) it(`may be one that ${c.name}`, () => assert.equal(objection(c), undefined));

  const refused = [
    { name: 'adds a stranger', next: members([1, 2, 3, 6]), says: /learner first/ },
    { name: 'adds two', next: members([1, 2, 3, 4, 5]), says: /one voter at a time/ },
    { name: 'swaps a voter', next: members([1, 2, 4]), says: /one voter at a time/ },
    {
      name: 'promotes one that is 1,025 behind',
      next: members([1, 2, 3, 4]),
      matched: 3_975,
      says: /1025 entries behind/,
    },
    { name: 'promotes one that gets a snapshot', next: members([1, 2, 3, 4]), state: 'snapshot', says: /snapshot/ },
    { name: 'has more learners than can be stored', next: members([1, 2, 3], many(10, 65)), says: /at most 64/ },
    { name: 'has more voters than can be stored', next: members(many(1, 65)), says: /at most 64/ },
    { name: 'leaves no voter', next: members([]), says: /last voter/ },
    { name: 'is out of order', next: members([2, 1, 3]), says: /sorted/ },
    { name: 'names one twice', next: members([1, 1, 2, 3]), says: /without duplicates/ },
    { name: 'has one be both', next: members([1, 2, 3], [3]), says: /disjoint/ },
  ] as const;
  for (const c of refused) {
    it(`must not be one that ${c.name}`, () => assert.match(objection(c) ?? 'no objection', c.says));
  }
});
