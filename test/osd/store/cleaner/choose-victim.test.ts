import assert from 'node:assert/strict';
import { chooseVictim } from '../../../../osd/store/cleaner/choose-victim.js';
import { SegmentTable } from '../../../../osd/store/segments/segment-table.js';

/** Per cent of live bytes, the batch that last changed it, and whether the log is there still. */
type Row = readonly [live: number, changed: number, state?: 'hot'];

const cases: readonly {
  name: string;
  rows: readonly Row[];
  isGreedy?: boolean;
  not?: number;
  victim: number | undefined;
}[] = [
  { name: 'none of none', rows: [], victim: undefined },
  {
    name: 'the emptier of two of one age',
    rows: [
      [60, 5],
      [20, 5],
      [40, 5],
    ],
    victim: 1,
  },
  {
    name: 'the older of two as full',
    rows: [
      [50, 90],
      [50, 10],
      [50, 50],
    ],
    victim: 1,
  },
  {
    name: 'a fuller one that is far older',
    rows: [
      [20, 99],
      [60, 1],
    ],
    victim: 1,
  },
  {
    name: 'the emptiest, whatever its age, when room is very short',
    rows: [
      [20, 99],
      [60, 1],
    ],
    isGreedy: true,
    victim: 0,
  },
  { name: 'none that is empty: it needs no cleaning', rows: [[0, 1]], victim: undefined },
  { name: 'none that is fuller than nine tenths', rows: [[91, 1]], victim: undefined },
  { name: 'one that is full to nine tenths', rows: [[90, 1]], victim: 0 },
  { name: 'none that the log is in', rows: [[10, 1, 'hot']], victim: undefined },
  {
    name: 'not one that it must not',
    rows: [
      [10, 1],
      [50, 1],
    ],
    not: 0,
    victim: 1,
  },
];

describe('osd/store: the choice of a segment to clean', () => {
  for (const { name, rows, isGreedy = false, not, victim } of cases) {
    it(`is ${name}`, () => {
      const table = new SegmentTable(rows.length);
      rows.forEach(([live, changed, state], segment) => {
        const info = {
          state: state ?? ('closed' as const),
          generation: 1,
          liveBytes: live * 100,
          usedBytes: 10_000,
          lastBatch: changed,
          diedAt: 0,
        };
        table.load(segment, info);
      });
      const options = { segmentBytes: 10_000, newestBatch: 100, isGreedy };
      assert.equal(chooseVictim(table, { ...options, mayClean: (segment) => segment !== not }), victim);
    });
  }
});
