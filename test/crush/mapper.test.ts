import assert from 'node:assert/strict';
import { chooseArgsOfPool, compileCrushMap } from '../../crush/compiled-map.js';
import { hash32of2 } from '../../crush/hash.js';
import { CrushMapper, noItem } from '../../crush/mapper.js';
import { tunablesProfiles } from '../../crush/tunables.js';
import type { ChooseArgs, CrushMap } from '../../crush/types.js';
import { allIn, buildRacks, hostType, leafRule, rackType, rootId } from './build-map.js';

const firstnHosts = leafRule('chooseleaf-firstn', hostType);
const indepRacks = leafRule('chooseleaf-indep', rackType);
const twoRacks = [
  [
    [1, 1],
    [1, 1],
  ],
  [
    [1, 1],
    [1, 1],
  ],
];

function place(map: CrushMap, rule: number, x: number, replicas: number, weights: Uint32Array): number[] {
  const out = new Int32Array(replicas);
  const count = new CrushMapper(compileCrushMap(map)).map(rule, x, replicas, weights, out);
  return [...out.subarray(0, count)];
}

describe('crush: the mapper', () => {
  const { map } = buildRacks(twoRacks, [firstnHosts, indepRacks]);

  it('finds nothing for a rule that does not exist, and for no replicas', () => {
    assert.deepEqual(place(map, 7, 1, 3, allIn(8)), []);
    assert.deepEqual(place(map, 0, 1, 0, allIn(8)), []);
  });

  it('takes devices beyond the weights as out', () => {
    for (let x = 0; x < 200; x++) {
      for (const device of place(map, 0, x, 3, allIn(3))) assert.ok(device < 3);
    }
    assert.deepEqual(place(map, 0, 1, 3, new Uint32Array(0)), []);
  });

  it('leaves holes where positions cannot be filled, for indep, and moves up for firstn', () => {
    const upper = Uint32Array.from([0, 0, 0, 0, 0x10000, 0x10000, 0x10000, 0x10000]);
    let holesInFront = 0;
    for (let x = 0; x < 100; x++) {
      const placed = place(map, 1, x, 3, upper);
      assert.equal(placed.length, 3);
      assert.equal(placed.filter((item) => item === noItem).length, 2);
      if (placed[0] === noItem) holesInFront++;
      assert.ok(place(map, 0, x, 3, upper).every((device) => device >= 4 && device < 8));
    }
    assert.ok(holesInFront > 0);
  });

  it('uses the lower 32 bits of the input', () => {
    assert.deepEqual(place(map, 0, 2 ** 32 + 5, 3, allIn(8)), place(map, 0, 5, 3, allIn(8)));
    assert.deepEqual(place(map, 0, -1, 3, allIn(8)), place(map, 0, 0xffffffff, 3, allIn(8)));
  });

  it('gives a device with half a weight about half its inputs, and keeps the rest where they were', () => {
    const half = allIn(8);
    half[2] = 0x8000;
    let before = 0;
    let after = 0;
    for (let x = 0; x < 2000; x++) {
      const placed = place(map, 0, x, 1, allIn(8))[0];
      const placedThen = place(map, 0, x, 1, half)[0];
      if (placed === 2) before++;
      else assert.equal(placedThen, placed);
      if (placedThen === 2) after++;
    }
    assert.ok(Math.abs(after / before - 0.5) < 0.1, `${after} of ${before}`);
  });

  it('accepts the inputs of a device whose hash is below its weight, and only these', () => {
    for (let x = 0; x < 50; x++) {
      const device = place(map, 0, x, 1, allIn(8))[0] ?? noItem;
      const weights = new Uint32Array(8);
      weights[device] = hash32of2(x, device) & 0xffff;
      assert.deepEqual(place(map, 0, x, 1, weights), []);
      weights[device] += 1;
      assert.deepEqual(place(map, 0, x, 1, weights), [device]);
    }
  });

  it('maps the same whatever it mapped before, with any algorithm', () => {
    for (const algorithm of ['uniform', 'list', 'tree', 'straw2'] as const) {
      const buckets = new Map([...map.buckets].map(([id, bucket]) => [id, { ...bucket, algorithm }]));
      for (const tunables of [tunablesProfiles.argonaut, tunablesProfiles.jewel]) {
        const compiled = compileCrushMap({ ...map, buckets, tunables });
        const reused = new CrushMapper(compiled);
        const weights = Uint32Array.from([0, 9, 9, 0x10000, 0x10000, 0x4000, 0x10000, 0]);
        for (const x of [3, 3, 0, 3, 4, 0, 0, -7, 3]) {
          for (const replicas of [5, 2, 8]) {
            const [out, expected] = [new Int32Array(replicas), new Int32Array(replicas)];
            const count = reused.map(0, x, replicas, weights, out);
            assert.equal(new CrushMapper(compiled).map(0, x, replicas, weights, expected), count);
            assert.deepEqual(out, expected);
          }
        }
      }
    }
  });

  it('counts the retries per item found, devices under hosts too', () => {
    const retryCounts = new Uint32Array(tunablesProfiles.jewel.chooseTotalTries);
    const mapper = new CrushMapper(compileCrushMap(map), { retryCounts });
    for (let x = 0; x < 100; x++) mapper.map(0, x, 3, allIn(8), new Int32Array(3));
    assert.equal(
      retryCounts.reduce((sum, count) => sum + count, 0),
      100 * 3 * 2,
    );
    assert.ok((retryCounts[1] ?? 0) > 0);
  });
});

describe('crush: choose_args', () => {
  const root = rootId;
  const onlyRack = (rack: number): ChooseArgs =>
    new Map([[root, { bucket: root, weightSet: [rack === 0 ? [1, 0] : [0, 1]] }]]);
  const { map, rackOf } = buildRacks(twoRacks, [firstnHosts]);
  const compiled = compileCrushMap({
    ...map,
    chooseArgs: new Map([
      [-1n, onlyRack(0)],
      [7n, onlyRack(1)],
    ]),
  });

  function racksOf(pool: bigint): Set<number | undefined> {
    const mapper = new CrushMapper(compiled);
    const out = new Int32Array(2);
    const racks = new Set<number | undefined>();
    for (let x = 0; x < 50; x++) {
      const count = mapper.map(0, x, 2, allIn(8), out, chooseArgsOfPool(compiled, pool));
      for (const device of out.subarray(0, count)) racks.add(rackOf[device]);
    }
    return racks;
  }

  it('apply to the pool that they name', () => assert.deepEqual(racksOf(7n), new Set([-3])));
  it('named -1 apply to all other pools', () => assert.deepEqual(racksOf(8n), new Set([-2])));

  it('for buckets that the map does not have are without effect', () => {
    const stray: ChooseArgs = new Map([[-77, { bucket: -77, weightSet: [[1, 2, 3]] }]]);
    const withStray = compileCrushMap({ ...map, chooseArgs: new Map([[0n, stray]]) });
    const out = new Int32Array(3);
    new CrushMapper(withStray).map(0, 1, 3, allIn(8), out, chooseArgsOfPool(withStray, 0n));
    assert.deepEqual([...out], place(map, 0, 1, 3, allIn(8)));
  });
});
