import assert from 'node:assert/strict';
import { majorityOf, majorityReached } from '../../../monitor/raft/majority.js';

describe('what a majority reached', () => {
  const cases = [
    { name: 'is 0 without voters', reached: [], expected: 0 },
    { name: 'is what a single voter has', reached: [7], expected: 7 },
    { name: 'with two voters needs both', reached: [7, 5], expected: 5 },
    { name: 'counts a silent voter as zero', reached: [7, 5, 0], expected: 5 },
    { name: 'takes the lower of an even split', reached: [9, 9, 2, 2], expected: 2 },
    { name: 'takes the third of four', reached: [9, 8, 3, 2], expected: 3 },
    { name: 'takes the third of five, in any order', reached: [1, 9, 4, 9, 2], expected: 4 },
    { name: 'compares numbers, not their digits', reached: [10, 9, 100], expected: 10 },
  ];
  for (const c of cases) it(c.name, () => assert.equal(majorityReached(c.reached), c.expected));

  it('is more than half of the voters', () => {
    assert.deepEqual([0, 1, 2, 3, 4, 5].map(majorityOf), [1, 1, 2, 2, 3, 3]);
  });
});
