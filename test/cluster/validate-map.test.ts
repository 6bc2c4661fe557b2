import assert from 'node:assert/strict';
import { wallMs } from '../../base/instants.js';
import { checkSuccession } from '../../cluster/check-succession.js';
import { createMap } from '../../cluster/create-map.js';
import { hasFeatures, missingFeatures } from '../../cluster/features.js';
import { epoch, osdId, poolId, storeNumber } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { validateMap } from '../../cluster/validate-map.js';
import { addDevice } from '../../crush/edit/devices.js';
import { createReplicatedRule } from '../../crush/edit/rules.js';
import { compileCrushMap } from '../../crush/compiled-map.js';
import { CrushMapper } from '../../crush/mapper.js';
import { entity, fsid, members, monitor, newMap, next, osd, pool, record, recordsChange, smallMap } from './samples.js';

const map = smallMap();

describe('createMap', () => {
  const parts = { fsid, createdAt: wallMs(1), monitors: [monitor('a', 1)], entities: [entity('client.admin')] };

  it('makes epoch 1, which is valid', () => {
    const made = createMap(parts);
    assert.deepEqual([made.epoch, made.memberLast, made.changedAt], [1, 1, 1]);
    validateMap(made);
  });

  const bad: readonly (readonly [string, Partial<typeof parts>, string])[] = [
    ['without a monitor', { monitors: [] }, 'INVALID_ARGUMENT'],
    ['of an fsid with dashes', { fsid: '01234567-89ab-cdef-0123-456789abcdef' }, 'INVALID_ARGUMENT'],
    ['with learners only', { monitors: [monitor('a', 1, { role: 'learner' })] }, 'CONFLICT'],
    ['with two monitors of one member number', { monitors: [monitor('a', 1), monitor('b', 1)] }, 'CONFLICT'],
  ];
  for (const [name, over, code] of bad) {
    it(`refuses a map ${name}`, () => assert.throws(() => createMap({ ...parts, ...over }), { code }));
  }

  it('has types, root and rule as a new cluster of Ceph, and places each copy on another host', () => {
    let { crush } = createMap(parts);
    const types = ['osd', 'host', 'chassis', 'rack', 'row', 'room', 'datacenter', 'zone', 'region', 'root'];
    assert.deepEqual([...crush.types.values()], types);
    assert.deepEqual(
      [...crush.rules.values()].map(({ name }) => name),
      ['replicated_rule'],
    );
    for (let id = 0; id < 6; id += 1) {
      const location = new Map([
        ['root', 'default'],
        ['host', `h${id % 3}`],
      ]);
      crush = addDevice(crush, { id, weight: 0x10000, deviceClass: id < 3 ? 'ssd' : 'hdd', location });
    }
    crush = createReplicatedRule(crush, { name: 'fast', root: 'default', failureDomain: 'host', deviceClass: 'ssd' });
    const after = next(newMap(), { kind: 'crush', crush });
    const mapper = new CrushMapper(compileCrushMap(after.crush));
    const weights = new Uint32Array(6).fill(0x10000);
    const out = new Int32Array(3);
    for (let x = 0; x < 100; x += 1) {
      mapper.map(0, x, 3, weights, out);
      assert.deepEqual(new Set(out.map((id) => id % 3)), new Set([0, 1, 2]));
      mapper.map(1, x, 3, weights, out);
      assert.deepEqual(new Set(out), new Set([0, 1, 2]));
    }
  });
});

describe('validateMap refuses a map', () => {
  const withOsd = (over: Parameters<typeof osd>[1], id = 1): ClusterMap => {
    return { ...map, osds: new Map(map.osds).set(osdId(id), osd(id, over)) };
  };
  const cases: readonly (readonly [string, ClusterMap])[] = [
    ['of epoch 0', { ...map, epoch: epoch(0) }],
    ['of a malformed fsid', { ...map, fsid: 'x' }],
    ['changed before it was made', { ...map, changedAt: wallMs(0) }],
    ['without monitors', { ...map, monitors: new Map() }],
    ['with a member number not given out', { ...map, memberLast: 2 }],
    ['with a monitor under another name', { ...map, monitors: new Map([['x', monitor('a', 1)]]) }],
    ['with OSDs out of order', { ...map, osds: new Map([...map.osds].reverse()) }],
    ['with a store number not given out', { ...map, storeLast: 3 }],
    ['with two OSDs of one store number', withOsd({ store: storeNumber(1) })],
    ['with an OSD that came up later', withOsd({ upFrom: epoch(3) })],
    ['with an OSD under another number', { ...map, osds: new Map(map.osds).set(osdId(9), osd(2)) }],
    ['with an OSD up that lacks features', { ...map, requiredFeatures: 1 }],
    ['with a pool number not given out', { ...map, poolLast: 0 }],
    ['with a pool made later', { ...map, pools: new Map([[poolId(1), pool(1, { createdAt: epoch(3) })]]) }],
    ['with a pool of another number of PGs', { ...map, pools: new Map([[poolId(1), pool(1, { pgNum: 9 })]]) }],
    ['with records of no pool', { ...map, records: map.records.withPool(poolId(2), 3) }],
    ['with a pool of a rule that is not there', { ...map, crush: { ...map.crush, rules: new Map() } }],
    [
      'with a CRUSH map that cannot be mapped',
      { ...map, crush: { ...map.crush, buckets: new Map([[-9, map.crush.buckets.get(-1)!]]) } },
    ],
    [
      'with a record whose member was never given out',
      { ...map, records: map.records.with(poolId(1), Uint32Array.of(7), [record(1, members(9))]) },
    ],
    ['with an upmap of no items', { ...map, upmaps: new Map([[poolId(1), new Map([[0, []]])]]) }],
    [
      'with an upmap of no pool',
      { ...map, upmaps: new Map([[poolId(2), new Map([[0, [{ from: osdId(0), to: osdId(1) }]]])]]) },
    ],
    ['with a config key that is none', { ...map, config: new Map([['x', '']]) }],
    ['with an entity under another name', { ...map, entities: new Map([['client.y', entity('client.x')]]) }],
  ];
  for (const [name, bad] of cases) {
    it(name, () => {
      assert.throws(() => validateMap(bad), { name: 'CairnError', code: /^(INVALID_ARGUMENT|CONFLICT)$/ });
    });
  }

  it('but none that is as it should be', () => {
    assert.equal(validateMap(map), undefined);
  });
});

describe('checkSuccession refuses', () => {
  const later = next(map, recordsChange(1, [[0, record(9, members(1))]]), { kind: 'osd', osd: osd(2, { boot: 5 }) });
  const cases: readonly (readonly [string, ClusterMap, ClusterMap])[] = [
    ['an earlier epoch', later, map],
    ['another cluster', map, { ...later, fsid: 'f'.repeat(32) }],
    ['a term that goes back', later, { ...map, epoch: epoch(4), changedAt: later.changedAt, osds: later.osds }],
    ['a boot that goes back', later, { ...later, osds: map.osds }],
    ['a number given out twice', later, { ...later, storeLast: 1 }],
    ['a time that goes back', later, { ...later, changedAt: map.changedAt }],
    ['less required features', { ...map, requiredFeatures: 2 ** 33 }, later],
    ['another number of PGs', map, { ...later, pools: new Map([[poolId(1), pool(1, { pgNum: 4 })]]) }],
  ];
  for (const [name, before, after] of cases) {
    it(name, () => {
      assert.throws(() => checkSuccession(before, after), { name: 'CairnError', code: /^(CONFLICT|UNSUPPORTED)$/ });
    });
  }

  it('nothing of what changes do', () => {
    assert.equal(checkSuccession(map, later), undefined);
    assert.equal(checkSuccession(map, next(later, { kind: 'pool-removed', id: poolId(1) })), undefined);
  });
});

describe('features', () => {
  const cases = [
    { supported: 0, required: 0, missing: 0 },
    { supported: 0b101, required: 0b100, missing: 0 },
    { supported: 0b101, required: 0b110, missing: 0b010 },
    { supported: 2 ** 31, required: 2 ** 31, missing: 0 },
    { supported: 1, required: 2 ** 31 + 1, missing: 2 ** 31 },
    { supported: 2 ** 40, required: 2 ** 40 + 2 ** 52, missing: 2 ** 52 },
    { supported: 2 ** 53 - 1, required: 2 ** 53 - 1, missing: 0 },
    { supported: 2 ** 32 - 1, required: 2 ** 32, missing: 2 ** 32 },
  ];
  for (const { supported, required, missing } of cases) {
    it(`${supported.toString(2)} lacks ${missing.toString(2)} of ${required.toString(2)}`, () => {
      assert.equal(missingFeatures(supported, required), missing);
      assert.equal(hasFeatures(supported, required), missing === 0);
    });
  }
});
