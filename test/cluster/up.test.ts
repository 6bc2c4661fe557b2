import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isCairnError } from '../../base/errors.js';
import { checkUpmap } from '../../cluster/check-upmap.js';
import { type OsdId, osdId, type PoolId, poolId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { UpMapper } from '../../cluster/up-mapper.js';
import { UpTable } from '../../cluster/up-table.js';
import type { UpmapItem } from '../../cluster/upmap.js';
import { testCrushMap } from '../../crush/tester.js';
import { buildMap, poolInfo, withOsds } from './pg/maps.js';

const pool1 = poolInfo(1, 512);
const pool2 = poolInfo(2, 100, { size: 2 });
const map = buildMap({ osdCount: 24, pools: [pool1, pool2] });

function item(from: number, to: number): UpmapItem {
  return { from: osdId(from), to: osdId(to) };
}

function withUpmaps(
  to: ClusterMap,
  pool: PoolId,
  entries: readonly (readonly [number, readonly UpmapItem[]])[],
): ClusterMap {
  return { ...to, upmaps: new Map(to.upmaps).set(pool, new Map(entries)) };
}

function rawOf(table: UpTable, of: ClusterMap): number[][] {
  return [...of.pools.values()].flatMap(({ id, pgNum }) =>
    Array.from({ length: pgNum }, (_, pg) => table.raw({ pool: id, pg }).map(Number)),
  );
}

function assertSameAsNew(table: UpTable, of: ClusterMap): void {
  assert.deepEqual(rawOf(table, of), rawOf(UpTable.of(of), of));
}

describe('cluster: PG -> up', () => {
  it('is what crushtool --test prints for the pool, with OSDs out and reweighted', () => {
    const changed = withOsds(withOsds(map, [3, 9], { isIn: false }), [5], { reweight: 0x8000 });
    const lines: string[] = [];
    const options = {
      rule: 0,
      minX: 0,
      maxX: 511,
      minRep: 3,
      maxRep: 3,
      poolId: 1,
      weights: new Map([
        [3, 0],
        [9, 0],
        [5, 0.5],
      ]),
      showMappings: true,
      showBadMappings: false,
      showStatistics: false,
      showUtilization: false,
      showUtilizationAll: false,
      showChooseTries: false,
    };
    testCrushMap(changed.crush, options, { print: (text) => lines.push(text), note: () => {} });
    const mapper = new UpMapper(changed);
    const ours = Array.from({ length: 512 }, (_, pg) => `CRUSH rule 0 x ${pg} [${mapper.up(pool1, pg).join(',')}]\n`);
    assert.deepEqual(ours, lines);
  });

  it('leaves out OSDs that are down, in the order of the others, and raw keeps them', () => {
    const raw = new UpMapper(map).raw(pool1, 7);
    const [first = osdId(0), second, third] = raw;
    const mapper = new UpMapper(withOsds(map, [first], { isUp: false }));
    assert.deepEqual(mapper.up(pool1, 7), [second, third]);
    assert.deepEqual(mapper.raw(pool1, 7), raw);
  });

  it('has no OSDs that do not exist', () => {
    const osds = new Map(map.osds);
    for (let id = 4; id < 24; id += 1) osds.delete(osdId(id));
    const mapper = new UpMapper({ ...map, osds });
    for (let pg = 0; pg < 50; pg += 1) {
      const up = mapper.up(pool1, pg);
      assert.ok(up.length > 0 && up.every((osd) => osd < 4), up.join());
    }
  });

  it('is empty for a pool without a rule', () => {
    assert.deepEqual(new UpMapper(map).up({ ...pool1, rule: 9 }, 0), []);
  });

  const chosen = new UpMapper(map).raw(pool1, 7).map(Number);
  const [a = 0, b = 0, c = 0] = chosen;
  const free = Array.from({ length: 24 }, (_, id) => id).filter((id) => !chosen.includes(id));
  const [x = 0, y = 0] = free;
  const upmapCases = [
    { name: 'puts the new OSD into the place of the old', items: [item(b, x)], becomes: [a, x, c] },
    { name: 'applies several items', items: [item(c, x), item(a, y)], becomes: [y, b, x] },
    { name: 'applies items to what earlier ones left', items: [item(a, x), item(x, y)], becomes: [y, b, c] },
    { name: 'never places an OSD twice', items: [item(a, b)], becomes: [a, b, c] },
    { name: 'ignores an OSD that is not there', items: [item(x, y)], becomes: [a, b, c] },
    { name: 'does not swap', items: [item(a, b), item(b, a)], becomes: [a, b, c] },
    { name: 'ignores a target that is out', items: [item(a, x)], out: [x], becomes: [a, b, c] },
    { name: 'ignores a target that does not exist', items: [item(a, 500)], becomes: [a, b, c] },
    { name: 'leaves a target that is down in raw', items: [item(a, x)], down: [x], becomes: [x, b, c] },
  ];
  for (const { name, items, out = [], down = [], becomes } of upmapCases) {
    it(`an upmap ${name}`, () => {
      // Weight 0 in the map of OSDs only: CRUSH would choose otherwise, were an OSD out that it considers.
      const changed = withUpmaps(withOsds(map, down, { isUp: false }), pool1.id, [[7, items]]);
      const weights = withOsds(changed, out, { isIn: false });
      const same = new UpMapper(weights).crushChoice(pool1, 7).map(Number);
      assert.deepEqual(same, chosen, 'CRUSH itself chooses as before');
      assert.deepEqual(new UpMapper(weights).raw(pool1, 7).map(Number), becomes);
    });
  }
});

describe('cluster: the table of up sets', () => {
  const table = UpTable.of(map);

  it('has what a mapper finds for each PG', () => {
    const mapper = new UpMapper(map);
    for (const pool of [pool1, pool2]) {
      for (let pg = 0; pg < pool.pgNum; pg += 1) {
        assert.deepEqual(table.up({ pool: pool.id, pg }), mapper.up(pool, pg));
      }
    }
    assert.deepEqual(table.raw({ pool: pool1.id, pg: 512 }), []);
    assert.deepEqual(table.raw({ pool: poolId(9), pg: 0 }), []);
  });

  const cases: readonly { name: string; after: ClusterMap; computed: number }[] = [
    { name: 'nothing for OSDs that go down', after: withOsds(map, [1, 2, 3], { isUp: false }), computed: 0 },
    { name: 'everything for an OSD that goes out', after: withOsds(map, [1], { isIn: false }), computed: 612 },
    { name: 'a PG for its upmap', after: withUpmaps(map, pool2.id, [[9, [item(0, 1)]]]), computed: 1 },
    {
      name: 'one pool for its size',
      after: { ...map, pools: new Map(map.pools).set(pool2.id, { ...pool2, size: 3 }) },
      computed: 100,
    },
    { name: 'a new pool', after: { ...map, pools: new Map(map.pools).set(poolId(3), poolInfo(3, 10)) }, computed: 10 },
    { name: 'nothing for a pool that is removed', after: { ...map, pools: new Map([[pool1.id, pool1]]) }, computed: 0 },
    { name: 'nothing for an OSD outside the tree', after: withOsds(map, [30], {}), computed: 0 },
    { name: 'everything for another CRUSH map', after: { ...map, crush: { ...map.crush } }, computed: 612 },
  ];
  for (const { name, after, computed } of cases) {
    it(`computes again ${name}`, () => {
      const next = UpTable.of(after, table);
      assert.equal(next.computedCount, computed);
      assertSameAsNew(next, after);
    });
  }

  it('sees at once who is down', () => {
    const after = withOsds(map, [1], { isUp: false });
    const next = UpTable.of(after, table);
    const mapper = new UpMapper(after);
    for (let pg = 0; pg < 512; pg += 1) {
      assert.deepEqual(next.up({ pool: pool1.id, pg }), mapper.up(pool1, pg));
      assert.ok(!next.up({ pool: pool1.id, pg }).includes(osdId(1)));
    }
  });

  it('computes the PGs of upmaps whose target goes out, comes in, or is dropped', () => {
    const odd = withOsds(map, [30], {});
    const mapped = withUpmaps(odd, pool1.id, [
      [3, [{ from: new UpMapper(map).raw(pool1, 3)[0] ?? osdId(0), to: osdId(30) }]],
    ]);
    let previous = UpTable.of(mapped, UpTable.of(odd));
    assert.ok(previous.raw({ pool: pool1.id, pg: 3 }).includes(osdId(30)));
    for (const after of [withOsds(mapped, [30], { isIn: false }), mapped, odd]) {
      previous = UpTable.of(after, previous);
      assert.equal(previous.computedCount, 1);
      assertSameAsNew(previous, after);
    }
  });

  it('is the same by steps through any maps as made anew', () => {
    const anyChange = fc.record({
      osd: fc.nat({ max: 25 }),
      kind: fc.constantFrom('out', 'in', 'half', 'down', 'up', 'upmap', 'clear', 'remove' as const),
      pg: fc.nat({ max: 99 }),
      to: fc.nat({ max: 25 }),
    });
    const property = fc.property(fc.array(anyChange, { maxLength: 12 }), (changes) => {
      let now = map;
      let last = table;
      for (const { osd, kind, pg, to } of changes) {
        now = changedMap(now, kind, osd, pg, to);
        last = UpTable.of(now, last);
      }
      assertSameAsNew(last, now);
    });
    fc.assert(property, { numRuns: 40, seed: 4 });
  });

  it('is made in short steps', () => {
    let steps = 0;
    const run = UpTable.steps(undefined, map);
    for (let step = run.next(); step.done !== true; step = run.next()) steps += 1;
    assert.ok(steps >= 612 / 64 - 1, `${steps}`);
  });
});

function changedMap(now: ClusterMap, kind: string, osd: number, pg: number, to: number): ClusterMap {
  switch (kind) {
    case 'out':
      return withOsds(now, [osd], { isIn: false });
    case 'in':
      return withOsds(now, [osd], { isIn: true, reweight: 0x10000 });
    case 'half':
      return withOsds(now, [osd], { isIn: true, reweight: 0x8000 });
    case 'down':
      return withOsds(now, [osd], { isUp: false });
    case 'up':
      return withOsds(now, [osd], { isUp: true });
    case 'remove': {
      const osds = new Map<OsdId, NonNullable<ReturnType<typeof now.osds.get>>>(now.osds);
      osds.delete(osdId(osd));
      return { ...now, osds };
    }
    default: {
      const ofPool = new Map(now.upmaps.get(pool2.id));
      if (kind === 'upmap') ofPool.set(pg, [item(osd, to)]);
      else ofPool.delete(pg);
      return { ...now, upmaps: new Map(now.upmaps).set(pool2.id, ofPool) };
    }
  }
}

describe('cluster: an upmap that somebody wants', () => {
  const raw = new UpMapper(map).raw(pool1, 7).map(Number);
  const [a = 0, b = 0] = raw;
  // Hosts have two OSDs each, next to one another.
  const sibling = (osd: number): number => osd ^ 1;
  const far = Array.from({ length: 24 }, (_, id) => id).find((id) => !raw.some((osd) => osd >> 1 === id >> 1)) ?? 0;
  const pg = { pool: pool1.id, pg: 7 };

  it('is accepted when it does what it says', () => {
    checkUpmap(map, pg, [item(a, far)]);
    checkUpmap(map, pg, [item(a, sibling(a))]);
    checkUpmap(map, pg, []);
  });

  const cases = [
    { name: 'a pool that does not exist', pg: { pool: poolId(9), pg: 7 }, items: [item(a, far)], code: 'CONFLICT' },
    { name: 'a PG that does not exist', pg: { pool: pool1.id, pg: 512 }, items: [item(a, far)], code: 'CONFLICT' },
    { name: 'an OSD that does not exist', items: [item(a, 99)], code: 'CONFLICT' },
    { name: 'an OSD to itself', items: [item(a, a)], code: 'INVALID_ARGUMENT' },
    { name: 'one OSD moved twice', items: [item(a, far), item(a, sibling(a))], code: 'INVALID_ARGUMENT' },
    { name: 'two moved to one OSD', items: [item(a, far), item(b, far)], code: 'INVALID_ARGUMENT' },
    { name: 'an OSD that the PG is not on', items: [item(far, sibling(a))], code: 'CONFLICT' },
    { name: 'an OSD that the PG is on already', items: [item(a, b)], code: 'CONFLICT' },
    { name: 'two copies on one host', items: [item(a, sibling(b))], code: 'CONFLICT' },
    { name: 'a target that is out', items: [item(a, far)], out: [far], code: 'CONFLICT' },
  ];
  for (const { name, pg: of = pg, items, out = [], code } of cases) {
    it(`is refused for ${name}`, () => {
      assert.throws(
        () => checkUpmap(withOsds(map, out, { isIn: false }), of, items),
        (error) => isCairnError(error) && error.code === code,
      );
    });
  }
});
