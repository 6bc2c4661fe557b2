import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ancestorsOf, checkSplit, childrenOf, parentOf } from '../../../cluster/pg/split.js';

/** Ceph's `ceph_stable_mod`, written down once more. */
function stableMod(x: number, count: number): number {
  let mask = 1;
  while (mask < count) mask *= 2;
  mask -= 1;
  return (x & mask) < count ? x & mask : x & (mask >> 1);
}

describe('cluster/pg: split', () => {
  it('sends to a child only objects of its parent, and leaves all others where they are', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 900 }),
      fc.nat({ max: 0x7fffffff }),
      (fromPgNum, more, hash) => {
        const after = stableMod(hash, fromPgNum + more);
        assert.equal(parentOf(after, fromPgNum), stableMod(hash, fromPgNum));
      },
    );
    fc.assert(property, { numRuns: 2_000, seed: 1 });
  });

  it('gives every child to one parent', () => {
    for (const [fromPgNum, toPgNum] of [
      [1, 2],
      [1, 64],
      [8, 16],
      [5, 12],
      [7, 100],
      [64, 65],
    ] as const) {
      const children = Array.from({ length: fromPgNum }, (_, pg) => childrenOf(pg, { fromPgNum, toPgNum }));
      for (const [pg, list] of children.entries()) {
        for (const child of list) assert.equal(parentOf(child, fromPgNum), pg);
        assert.deepEqual(
          list,
          [...list].sort((a, b) => a - b),
        );
      }
      const all = children.flat().sort((a, b) => a - b);
      assert.deepEqual(
        all,
        Array.from({ length: toPgNum - fromPgNum }, (_, i) => fromPgNum + i),
      );
    }
  });

  it('names the PGs that had the objects before, with fewer PGs', () => {
    assert.deepEqual(ancestorsOf(0), []);
    assert.deepEqual(ancestorsOf(13), [5, 1, 0]);
    const property = fc.property(fc.nat({ max: 900 }), fc.integer({ min: 1, max: 900 }), (pg, pgNum) => {
      if (pg >= pgNum) assert.ok(ancestorsOf(pg).includes(parentOf(pg, pgNum)));
    });
    fc.assert(property, { numRuns: 1_000, seed: 2 });
  });

  it('by doubling gives each PG the one child that is so much higher', () => {
    assert.deepEqual(childrenOf(5, { fromPgNum: 8, toPgNum: 16 }), [13]);
    assert.deepEqual(childrenOf(0, { fromPgNum: 1, toPgNum: 2 }), [1]);
  });

  it('only grows a pool, up to 65,536 PGs', () => {
    checkSplit({ fromPgNum: 8, toPgNum: 16 });
    for (const toPgNum of [8, 4, 0, 8.5, 65_537, Number.NaN]) {
      assert.throws(() => checkSplit({ fromPgNum: 8, toPgNum }), { code: 'INVALID_ARGUMENT' });
    }
  });
});
