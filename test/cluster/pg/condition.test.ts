import assert from 'node:assert/strict';
import { osdId } from '../../../cluster/ids.js';
import type { PgRecord } from '../../../cluster/pg-record.js';
import { pgCondition } from '../../../cluster/pg/condition.js';
import { member, members, record } from '../record-values.js';
import { contextOf, type OsdState, osdCount, syncMode } from './worlds.js';

const clean = { missingCopies: 0, misplacedCopies: 0, joining: [] as number[], isPrimaryMisplaced: false };
const cases: readonly {
  name: string;
  of: PgRecord;
  up?: readonly number[];
  down?: readonly number[];
  is: ReturnType<typeof pgCondition>['state'];
  with?: Partial<typeof clean>;
}[] = [
  { name: 'serves where it should be', of: record(3, members(1, 2, 3)), is: 'serving' },
  { name: 'was never created', of: record(0, []), is: 'unborn' },
  { name: 'lacks a copy', of: record(3, members(1, 2)), is: 'serving', with: { missingCopies: 1, joining: [3] } },
  {
    name: 'has fewer than min_size',
    of: record(3, members(1)),
    is: 'undersized',
    with: { missingCopies: 2, joining: [2, 3] },
  },
  {
    name: 'is not confirmed',
    of: record(3, members(1, 2), members(3)),
    is: 'unconfirmed',
    with: { missingCopies: 1 },
  },
  {
    name: 'waits for its members',
    of: record(3, members(4)),
    down: [4],
    is: 'down',
    with: { missingCopies: 3, joining: [1, 2, 3] },
  },
  {
    name: 'is lost',
    of: record(3, [member(1, 9)], [member(2, 9)]),
    is: 'lost',
    with: { missingCopies: 3, joining: [1, 2, 3] },
  },
  {
    name: 'is to move',
    of: record(3, members(1, 4, 5)),
    is: 'serving',
    with: { misplacedCopies: 2, joining: [2, 3] },
  },
  { name: 'has a copy too many', of: record(3, members(1, 2, 3, 4)), is: 'serving', with: { misplacedCopies: 1 } },
  { name: 'has another primary', of: record(3, members(2, 1, 3)), is: 'serving', with: { isPrimaryMisplaced: true } },
  {
    name: 'has a member with a new disk',
    of: record(3, [member(1), member(2), member(3, 9)]),
    is: 'serving',
    with: { missingCopies: 1, joining: [3] },
  },
  { name: 'has no up set', of: record(3, members(1, 2, 3)), up: [], is: 'serving' },
];

describe('cluster/pg: the condition of a PG', () => {
  for (const { name, of, up = [1, 2, 3], down = [], is, with: counts } of cases) {
    it(`${name}: ${is}`, () => {
      const osds = Array.from({ length: osdCount }, (_, osd): OsdState => ({
        isUp: !down.includes(osd),
        store: 'first',
      }));
      const context = contextOf({ osds, minSize: 2, mode: syncMode });
      assert.deepEqual(pgCondition(of, up.map(osdId), { size: 3 }, context), { state: is, ...clean, ...counts });
    });
  }
});
