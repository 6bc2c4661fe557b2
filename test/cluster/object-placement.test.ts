import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { poolId } from '../../cluster/ids.js';
import {
  objectHash,
  orderKey,
  orderRange,
  pgOfHash,
  placementInput,
  stableMask,
  stableMod,
} from '../../cluster/object-placement.js';
import { utf8Bytes } from '../../base/bytes.js';
import { xxh64 } from '../../base/xxh64.js';

const anyHash = fc.nat({ max: 0xffffffff });
const anyPgNum = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 65_536 }));

describe('cluster: object -> PG', () => {
  // By a second implementation of XXH64. Changing any of these would lose every stored object.
  const golden = [
    { pool: 1, namespace: '', locator: '', name: '', hash: 0xe4744f43 },
    { pool: 1, namespace: '', locator: '', name: 'a', hash: 0x697d1319 },
    { pool: 2, namespace: '', locator: '', name: 'a', hash: 0xb7ac5ffc },
    { pool: 3, namespace: 's3', locator: '', name: 'bucket/photos/2026/a long name.jpg', hash: 0x41c2d4c5 },
    { pool: 3, namespace: 's3', locator: 'loc', name: 'x', hash: 0x3e2b2328 },
    { pool: 7, namespace: '', locator: '', name: 'grüße', hash: 0x0c0c0391 },
    { pool: 2147483647, namespace: 'ns', locator: '', name: 'volume.0000000000000001', hash: 0xd4edf8e3 },
  ];
  for (const { pool, hash, ...name } of golden) {
    it(`has a fixed hash for ${JSON.stringify(name)} in pool ${pool}`, () => {
      assert.equal(objectHash(poolId(pool), name).toString(16), hash.toString(16));
    });
  }

  it('hashes the namespace with the locator, or else the name, and takes the pool as the seed', () => {
    const whole = xxh64(utf8Bytes('ns\u001fkey'), 7n);
    const expected = Number(whole & 0xffffffffn);
    assert.equal(objectHash(poolId(7), { namespace: 'ns', locator: '', name: 'key' }), expected);
    assert.equal(objectHash(poolId(7), { namespace: 'ns', locator: 'key', name: 'other' }), expected);
    assert.notEqual(objectHash(poolId(8), { namespace: 'ns', locator: '', name: 'key' }), expected);
    assert.notEqual(objectHash(poolId(7), { namespace: 'n', locator: '', name: 'skey' }), expected);
  });

  it('splits by stable-mod as Ceph does', () => {
    const cases = [
      { x: 0xffffffff, count: 1, pg: 0 },
      { x: 0xffffffff, count: 8, pg: 7 },
      { x: 13, count: 12, pg: 5 },
      { x: 11, count: 12, pg: 11 },
      { x: 0x80000006, count: 6, pg: 2 },
      { x: 65_535, count: 65_536, pg: 65_535 },
    ];
    for (const { x, count, pg } of cases) assert.equal(pgOfHash(x, count), pg, `${x} of ${count}`);
  });

  it('has a mask of just enough bits', () => {
    const masks = [1, 2, 3, 4, 5, 8, 9, 65_536].map((count) => stableMask(count));
    assert.deepEqual(masks, [0, 1, 3, 3, 7, 7, 15, 65_535]);
  });

  it('moves, as the count grows by one, objects of one PG to the new one only', () => {
    const property = fc.property(anyHash, fc.integer({ min: 1, max: 65_535 }), (hash, count) => {
      const before = stableMod(hash, count, stableMask(count));
      const after = stableMod(hash, count + 1, stableMask(count + 1));
      assert.ok(before < count && (after === before || after === count));
    });
    fc.assert(property, { numRuns: 2_000, seed: 1 });
  });

  it('reverses bits, twice to the same', () => {
    assert.equal(orderKey(1), 0x80000000);
    assert.equal(orderKey(0x80000000), 1);
    assert.equal(orderKey(0x12345678), 0x1e6a2c48);
    fc.assert(
      fc.property(anyHash, (hash) => orderKey(orderKey(hash)) === hash),
      { seed: 1 },
    );
  });

  it('has the objects of a PG in one range of order keys, and nobody else in it', () => {
    const property = fc.property(anyHash, anyPgNum, fc.nat(), (hash, pgNum, other) => {
      const key = orderKey(hash);
      const isIn = (pg: number): boolean => key >= orderRange(pg, pgNum).from && key < orderRange(pg, pgNum).to;
      const pg = pgOfHash(hash, pgNum);
      assert.ok(isIn(pg));
      assert.ok(other % pgNum === pg || !isIn(other % pgNum));
    });
    fc.assert(property, { numRuns: 2_000, seed: 2 });
  });

  it('has ranges that cover all order keys once', () => {
    for (const pgNum of [1, 2, 3, 6, 64, 100]) {
      const ranges = Array.from({ length: pgNum }, (_, pg) => orderRange(pg, pgNum)).sort((a, b) => a.from - b.from);
      let end = 0;
      for (const { from, to } of ranges) {
        assert.equal(from, end);
        end = to;
      }
      assert.equal(end, 2 ** 32);
    }
  });

  it('has fixed inputs for CRUSH', () => {
    const inputs = [placementInput(poolId(1), 0), placementInput(poolId(1), 1), placementInput(poolId(3), 31)];
    assert.deepEqual(inputs, [91478055, 3308535608, 3651739411]);
  });
});
