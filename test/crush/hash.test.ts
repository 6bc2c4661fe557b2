import assert from 'node:assert/strict';
import { hash32of2, hash32of3, hash32of4 } from '../../crush/hash.js';
import { hashItems } from '../../crush/item-hashes.js';
import { Random } from './random-map.js';

// From Ceph's src/crush/hash.c, compiled and run.
const cases = [
  { words: [0, 0, 0, 0], of2: 430787817, of3: 2050749362, of4: 1068478541 },
  { words: [1, 2, 3, 4], of2: 3079532188, of3: 1935332395, of4: 1768759062 },
  { words: [0xffffffff, 0xfffffffe, 7, 0x80000000], of2: 3814394757, of3: 2806225409, of4: 2604654264 },
  { words: [1234567890, -5, 2, -1], of2: 3045195240, of3: 4282877798, of4: 355395295 },
] as const;

describe('crush: rjenkins1', () => {
  for (const { words, of2, of3, of4 } of cases) {
    it(`hashes ${words.join(', ')} as Ceph does`, () => {
      const [a, b, c, d] = words;
      assert.deepEqual([hash32of2(a, b), hash32of3(a, b, c), hash32of4(a, b, c, d)], [of2, of3, of4]);
    });
  }

  it('takes signed and unsigned words for the same', () => {
    assert.equal(hash32of3(-1, -2, -3), hash32of3(0xffffffff, 0xfffffffe, 0xfffffffd));
  });

  it('hashes items two at a time as one at a time, for any count', () => {
    const random = new Random(1);
    for (let count = 0; count <= 17; count++) {
      const ids = Int32Array.from({ length: count + 3 }, () => random.between(-(2 ** 31), 2 ** 31 - 1));
      const [x, r] = [random.between(-(2 ** 31), 2 ** 31 - 1), random.between(0, 60)];
      const hashes = new Int32Array(count + 1).fill(-1);
      hashItems(hashes, ids, 3, count, x, r);
      const expected = Array.from(ids.subarray(3), (id) => hash32of3(x, id, r) & 0xffff);
      assert.deepEqual([...hashes], [...expected, -1]);
    }
  });
});
