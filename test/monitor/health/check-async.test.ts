/** What OSDs say of async pools: members that are too far behind, and what they have parked. */
import assert from 'node:assert/strict';
import { checkHealth } from '../../../monitor/health/check-health.js';
import { type Changes, healthInput } from './healthy.js';

const many = [
  [1, 31, 5],
  [1, 2, 3],
] as const;

const cases: readonly { when: string; changes: Changes; raised: readonly string[] }[] = [
  {
    when: 'a failover cut some off, and nobody knows who was told of them',
    changes: { osd: { parked: { objects: 7, acknowledged: 0, bytes: 70, pgs: [[1, 31, 7]] } } },
    raised: ['PARKED_WRITES 7 objects with parked writes', 'osd.0 keeps 7 objects of pg 1.1f (7)'],
  },
  {
    when: 'an OSD that is out keeps more than it names',
    changes: {
      osds: { 0: { isUp: false, isIn: false } },
      osd: { parked: { objects: 9, acknowledged: 3, bytes: 90, pgs: many } },
    },
    raised: [
      'PARKED_WRITES 9 objects with parked writes, 3 of them with writes that were acknowledged for certain',
      'osd.0 keeps 9 objects of pg 1.1f (5), 1.2 (3) and others',
    ],
  },
  {
    when: 'an OSD leads PGs whose writes wait',
    changes: { osd: { lagging: 2 } },
    raised: [
      'PG_LAGGING 2 pgs where writes wait for a member that lags',
      'osd.0 leads 2 pgs with a member that is behind by max_lag',
    ],
  },
  {
    when: 'nothing is parked, or not known yet',
    changes: { osd: { parked: { objects: 0, acknowledged: 0, bytes: 0, pgs: [] } } },
    raised: [],
  },
  {
    when: 'who waited is down: whoever leads now says how it is',
    changes: { osds: { 0: { isUp: false, isIn: false } }, osd: { lagging: 2 } },
    raised: [],
  },
];

describe('health of async pools', () => {
  for (const { when, changes, raised } of cases) {
    it(`says ${raised.length === 0 ? 'nothing' : (raised[0] ?? '').split(' ')[0]} when ${when}`, () => {
      const { checks } = checkHealth(healthInput(changes));
      const lines: string[] = [];
      for (const { code, summary, detail } of checks) lines.push(`${code} ${summary}`, ...detail);
      assert.deepEqual(lines, raised);
    });
  }
});
