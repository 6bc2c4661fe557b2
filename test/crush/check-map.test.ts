import assert from 'node:assert/strict';
import { isCairnError } from '../../base/errors.js';
import { compileCrushMap } from '../../crush/compiled-map.js';
import { tunablesProfiles } from '../../crush/tunables.js';
import { type Bucket, type BucketItem, type ChooseArgs, type CrushMap, weightOne } from '../../crush/types.js';
import { buildRacks, hostType, leafRule, rootId } from './build-map.js';

const { map } = buildRacks(
  [
    [
      [1, 1],
      [1, 1],
    ],
  ],
  [leafRule('chooseleaf-firstn', hostType)],
);
const rackId = -2;

function withBucket(bucket: Bucket): CrushMap {
  return { ...map, buckets: new Map(map.buckets).set(bucket.id, bucket) };
}

function host(id: number, algorithm: 'straw2' | 'tree' | 'list', items: readonly BucketItem[]): Bucket {
  return { id, name: 'bad', type: hostType, algorithm, items };
}

function withArgs(args: { weightSet: number[][]; ids?: number[] }): CrushMap {
  const chooseArgs: ChooseArgs = new Map([[rackId, { bucket: rackId, ...args }]]);
  return { ...map, chooseArgs: new Map([[0n, chooseArgs]]) };
}

const one = { id: 0, weight: weightOne };
const cases: readonly { name: string; map: CrushMap; says: RegExp }[] = [
  {
    name: 'an item that is no bucket',
    map: withBucket(host(-50, 'straw2', [{ id: -51, weight: 1 }])),
    says: /item -51.*remove or define/,
  },
  {
    name: 'a bucket that contains itself',
    map: withBucket(host(-50, 'straw2', [{ id: -50, weight: 1 }])),
    says: /bad contains itself/,
  },
  {
    name: 'a bucket that contains its root',
    map: withBucket(host(-1000, 'straw2', [{ id: rootId, weight: 1 }])),
    says: /contains itself/,
  },
  {
    name: 'a tree of 65 items',
    map: withBucket(
      host(
        -50,
        'tree',
        Array.from({ length: 65 }, (_, id) => ({ id, weight: 1 })),
      ),
    ),
    says: /a tree holds 64, use straw2/,
  },
  {
    name: 'a list whose weights overflow',
    map: withBucket(host(-50, 'list', [{ id: 0, weight: 0xffffffff }, one])),
    says: /weigh more than/,
  },
  { name: 'a negative weight', map: withBucket(host(-50, 'straw2', [{ id: 0, weight: -1 }])), says: /weight -1/ },
  {
    name: 'a weight that is no integer',
    map: withBucket(host(-50, 'straw2', [{ id: 0, weight: 0.5 }])),
    says: /weight 0.5/,
  },
  {
    name: 'a device id that means a hole',
    map: withBucket(host(-50, 'straw2', [{ id: 0x7fffffff, weight: 1 }])),
    says: /item ids go up to/,
  },
  {
    name: "a bucket of the devices' type",
    map: withBucket({ ...host(-50, 'straw2', [one]), type: 0 }),
    says: /type 0; give it one from 1/,
  },
  { name: "a bucket with a device's id", map: withBucket(host(5, 'straw2', [one])), says: /negative 32-bit id/ },
  {
    name: 'a bucket under another id',
    map: { ...map, buckets: new Map(map.buckets).set(-60, host(-50, 'straw2', [one])) },
    says: /stored under id -60/,
  },
  {
    name: 'straws that do not match the items',
    map: withBucket({ id: -50, name: 'bad', type: 1, algorithm: 'straw', items: [one], straws: [] }),
    says: /straw length.*compute them again/,
  },
  { name: 'choose_args with too few weights', map: withArgs({ weightSet: [[1]] }), says: /need 2 weights/ },
  { name: 'choose_args with too many ids', map: withArgs({ weightSet: [], ids: [1, 2, 3] }), says: /need 2 ids/ },
  {
    name: 'a rule under another id',
    map: { ...map, rules: new Map([[3, { id: 4, name: 'r', type: 1, steps: [] }]]) },
    says: /stored under id 3/,
  },
  {
    name: 'a step that is no integer',
    map: {
      ...map,
      rules: new Map([[3, { id: 3, name: 'r', type: 1, steps: [{ op: 'set-choose-tries', value: NaN }] }]]),
    },
    says: /step set-choose-tries of rule r/,
  },
  {
    name: 'a tunable beyond its bits',
    map: { ...map, tunables: { ...tunablesProfiles.jewel, chooseleafVaryR: 256 } },
    says: /chooseleafVaryR is 256/,
  },
];

describe('crush: compiling a map refuses', () => {
  for (const c of cases) {
    it(c.name, () => {
      assert.throws(
        () => compileCrushMap(c.map),
        (error) => isCairnError(error, 'INVALID_ARGUMENT') && c.says.test(error.message),
      );
    });
  }

  it('nothing else that is odd: empty buckets, shared buckets, unknown types, takes of nothing', () => {
    const odd = {
      ...map,
      buckets: new Map(map.buckets).set(-50, host(-50, 'tree', [])).set(
        -51,
        host(-51, 'straw2', [
          { id: -1000, weight: 1 },
          { id: -1000, weight: 1 },
          { id: -50, weight: 0 },
        ]),
      ),
      rules: new Map([
        [
          9,
          {
            id: 9,
            name: 'odd',
            type: 1,
            steps: [{ op: 'take', item: -99 }, { op: 'choose-firstn', count: 0, type: 77 }, { op: 'emit' }],
          },
        ],
      ] as const),
    };
    assert.equal(compileCrushMap(odd).bucketIds.length, odd.buckets.size);
  });
});
