import assert from 'node:assert/strict';
import { poolId } from '../../../cluster/ids.js';
import { dueScrub, firstStamps, type ScrubPlan } from '../../../osd/scrub/due.js';
import { decodeStamps, encodeStamps, type ScrubStamps } from '../../../osd/scrub/stamps.js';

const hour = 3_600_000;
const day = 24 * hour;
const wall = 1_800_000_000_000;
const plan: ScrubPlan = { intervalMs: day, deepIntervalMs: 7 * day, mayScrub: true, mayDeepScrub: true };

function pg(number: number) {
  return { pool: poolId(1), pg: number };
}

function ago(shallow: number, deep: number): ScrubStamps {
  return { shallow: wall - shallow, deep: wall - deep, shallowErrors: 0, deepErrors: 0 };
}

const cases = [
  { name: 'one that was scrubbed a moment ago is left alone', stamps: ago(0, 0), plan, kind: undefined },
  { name: 'nor is one before three quarters of the interval', stamps: ago(17 * hour, 5 * day), plan, kind: undefined },
  { name: 'after the interval it is due for certain', stamps: ago(day, 5 * day), plan, kind: 'scrub' },
  { name: 'a deep scrub goes before a shallow one', stamps: ago(2 * day, 7 * day), plan, kind: 'deep-scrub' },
  { name: 'noscrub', stamps: ago(2 * day, 5 * day), plan: { ...plan, mayScrub: false }, kind: undefined },
  { name: 'nodeep-scrub', stamps: ago(2 * day, 9 * day), plan: { ...plan, mayDeepScrub: false }, kind: 'scrub' },
  { name: 'an interval of 0', stamps: ago(9 * day, 5 * day), plan: { ...plan, intervalMs: 0 }, kind: undefined },
  { name: 'a stamp of next month says nothing', stamps: ago(0, -30 * day), plan, kind: 'deep-scrub' },
] as const;

describe('osd/scrub: when a PG is due', () => {
  for (const { name, stamps, plan: by, kind } of cases) {
    it(name, () => {
      for (let number = 0; number < 100; number++) {
        assert.equal(dueScrub(pg(number), stamps, wall, by)?.kind, kind, `pg 1.${number.toString(16)}`);
      }
    });
  }

  it('spreads PGs that were never scrubbed over the interval', () => {
    const dueBy = (hours: number): number => {
      const at = wall + hours * hour;
      const pgs = Array.from({ length: 1_000 }, (_, i) => pg(i));
      return pgs.filter((id) => dueScrub(id, firstStamps(id, wall, plan), at, { ...plan, mayDeepScrub: false })).length;
    };
    assert.equal(dueBy(0), 0, 'a new pool is left alone');
    assert.ok(dueBy(13) > 300 && dueBy(13) < 700, 'about half within half of it');
    assert.equal(dueBy(24), 1_000);
  });

  it('who is over it by more goes first', () => {
    const [less, more] = [ago(3 * day, 0), ago(5 * day, 0)].map((stamps) => dueScrub(pg(1), stamps, wall, plan));
    assert.ok(less !== undefined && more !== undefined && more.overdue > less.overdue);
  });

  it('stamps are stored in format 1', () => {
    const stamps = { shallow: wall, deep: wall - day, shallowErrors: 1, deepErrors: 300 };
    const bytes = encodeStamps(stamps);
    assert.equal(Buffer.from(bytes).toString('hex'), '0180a0f1c2b13480e8d799b13401ac02');
    assert.deepEqual(decodeStamps(bytes), stamps);
    assert.throws(() => decodeStamps(Uint8Array.of(9)), { code: 'PARSE_ERROR' });
  });
});
