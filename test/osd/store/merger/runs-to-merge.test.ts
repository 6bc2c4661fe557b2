import assert from 'node:assert/strict';
import type { Extent } from '../../../../osd/store/format/extents.js';
import { chunkBytes, chunkExtentsMax } from '../../../../osd/store/limits.js';
import { largeBytes, runsToMerge } from '../../../../osd/store/merger/runs-to-merge.js';
import { Prng } from '../../../../runtime/sim/prng.js';

/** From at to before end. */
function extent(at: number, end: number): Extent {
  return { at, bytes: end - at, skip: 0, source: { kind: 'shared', id: at + 1 } };
}

const k = 1024;
const cases = [
  { name: 'nothing', extents: [], runs: [] },
  { name: 'one alone', extents: [[0, 9]], runs: [] },
  {
    name: 'neighbours',
    extents: [
      [0, 9],
      [9, 12],
      [12, 13],
    ],
    runs: ['0-9 9-12 12-13'],
  },
  {
    name: 'over small holes',
    extents: [
      [5, 9],
      [2 * k, 3 * k],
    ],
    runs: ['5-9 2048-3072'],
  },
  {
    name: 'not over large holes',
    extents: [
      [0, 9],
      [9, 10],
      [9 * k, 9 * k + 1],
    ],
    runs: ['0-9 9-10'],
  },
  {
    name: 'not the large ones',
    extents: [
      [0, 8 * k],
      [8 * k, 9 * k],
      [9 * k, 10 * k],
    ],
    runs: ['8192-9216 9216-10240'],
  },
  {
    name: 'on both sides of a large one',
    extents: [
      [0, 1],
      [1, 2],
      [2, 9 * k],
      [9 * k, 9 * k + 1],
      [9 * k + 1, 9 * k + 2],
    ],
    runs: ['0-1 1-2', '9216-9217 9217-9218'],
  },
] as const;

describe('osd/store/merger: what is merged', () => {
  for (const { name, extents, runs } of cases) {
    it(name, () => {
      const found = runsToMerge(
        extents.map(([at, end]) => extent(at, end)),
        2 ** 20,
      );
      assert.deepEqual(
        found.map((run) => run.map(({ at, bytes }) => `${at}-${at + bytes}`).join(' ')),
        runs,
      );
    });
  }

  it('leaves less than half of the extents that a chunk may have, whatever there was', () => {
    const prng = new Prng('runs');
    for (let i = 0; i < 2_000; i++) {
      const extents: Extent[] = [];
      const largest = prng.pick([1, 10, 1_000, largeBytes, 2 * largeBytes]);
      const gap = prng.pick([1, 2, 1_000, largeBytes, 2 * largeBytes]);
      for (let at = prng.below(gap); at < chunkBytes && extents.length < 1_000; at += prng.below(gap)) {
        const end = Math.min(chunkBytes, at + 1 + prng.below(largest));
        extents.push(extent(at, end));
        at = end;
      }
      const runs = runsToMerge(extents, 2 ** 20);
      const left = extents.length - runs.reduce((sum, run) => sum + run.length - 1, 0);
      assert.ok(left <= chunkExtentsMax / 2 + 1, `${left} of ${extents.length}`);
    }
  });

  it('takes no more than fits into a record', () => {
    const extents = Array.from({ length: 20_000 }, (_, i) => extent(10 * i, 10 * i + 9));
    const [run = [], ...more] = runsToMerge(extents, 10_000);
    assert.equal(more.length, 0);
    assert.ok(run.length > 100 && run.length < 140, String(run.length));
    assert.equal(runsToMerge(extents, 2 ** 24)[0]?.length, 1_024);
  });
});
