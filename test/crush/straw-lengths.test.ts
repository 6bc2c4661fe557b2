import assert from 'node:assert/strict';
import { strawLengths } from '../../crush/straw-lengths.js';

// Read from the binary maps that crushtool 16.2.15 compiled.
const cases = [
  { version: 0, weights: [65536, 131072, 196608], lengths: [65536, 84606, 101527] },
  { version: 1, weights: [65536, 131072, 196608], lengths: [65536, 84606, 101527] },
  { version: 0, weights: [0, 65536, 131072, 131072, 32768], lengths: [0, 75909, 91232, 91232, 65536] },
  { version: 1, weights: [0, 65536, 131072, 131072, 32768], lengths: [0, 78975, 99001, 99001, 65536] },
  { version: 0, weights: [196608, 196608, 196608], lengths: [65536, 65536, 65536] },
  { version: 1, weights: [196608, 196608, 196608], lengths: [65536, 65536, 65536] },
  { version: 0, weights: [478412, 0, 6488064, 16384], lengths: [184050, 0, 560673, 65536] },
  { version: 1, weights: [478412, 0, 6488064, 16384], lengths: [291616, 0, 2092376, 65536] },
  {
    version: 0,
    weights: [65536, 65536, 262144, 262144, 262144, 589824],
    lengths: [65536, 65536, 88946, 88946, 88946, 114828],
  },
  {
    version: 1,
    weights: [65536, 65536, 262144, 262144, 262144, 589824],
    lengths: [65536, 65536, 86250, 86250, 86250, 110208],
  },
  // Here Ceph's product of items left and weight wraps around.
  {
    version: 0,
    weights: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 65536, 1966080000],
    lengths: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 65536, 105765],
  },
  { version: 1, weights: [], lengths: [] },
  { version: 0, weights: [0, 0], lengths: [0, 0] },
];

describe('crush: straw lengths', () => {
  for (const { version, weights, lengths } of cases) {
    it(`are Ceph's for ${weights.join(', ') || 'no items'} in version ${version}`, () => {
      assert.deepEqual(strawLengths(weights, version), lengths);
    });
  }
});
