import assert from 'node:assert/strict';
import { runSteps } from '../../../base/steps.js';
import type { MapChange } from '../../../cluster/change.js';
import { type OsdId, osdId, poolId } from '../../../cluster/ids.js';
import type { ClusterMap } from '../../../cluster/map.js';
import { planCreation, planCreationSteps } from '../../../cluster/pg/plan-creation.js';
import { planOsdChange, planOsdChangeSteps } from '../../../cluster/pg/plan-osd-change.js';
import { planSplitSteps } from '../../../cluster/pg/plan-split.js';
import type { RecordsChange } from '../../../cluster/pg/plan.js';
import { pgContext } from '../../../cluster/pg/context.js';
import { reconcileAfterBoot } from '../../../cluster/pg/reconcile.js';
import { buildMap, poolInfo, withOsds } from './maps.js';

/** Each PG on three neighbours: PG `p` of pool `q` on OSDs p+q, p+q+1, p+q+2. */
const neighbours =
  (osdCount: number) =>
  (pool: number, pg: number): OsdId[] =>
    [0, 1, 2].map((i) => osdId((pg + pool + i) % osdCount));

function withRecords(map: ClusterMap, changes: readonly MapChange[]): ClusterMap {
  let { records } = map;
  for (const change of changes) {
    if (change.kind === 'records') records = records.with(change.pool, change.pgs, change.records);
  }
  return { ...map, records };
}

function created(osdCount: number, ...pgNums: readonly number[]): ClusterMap {
  const map = buildMap({ osdCount, pools: pgNums.map((pgNum, i) => poolInfo(i + 1, pgNum)) });
  return withRecords(map, planCreation(map, neighbours(osdCount)));
}

/** What one record after the other gives, for comparison with the plan. */
function oneByOne(map: ClusterMap, booted: readonly number[]): RecordsChange[] {
  const changes: RecordsChange[] = [];
  for (const [id, pool] of map.pools) {
    const pgs: number[] = [];
    const records = [];
    for (let pg = 0; pg < pool.pgNum; pg += 1) {
      const before = map.records.get({ pool: id, pg });
      assert.ok(before !== undefined);
      const next = reconcileAfterBoot(before, (osd) => booted.includes(osd), pgContext(map, pool, pg));
      if (next === undefined) continue;
      pgs.push(pg);
      records.push(next);
    }
    if (pgs.length > 0) changes.push({ kind: 'records', pool: id, pgs: Uint32Array.from(pgs), records });
  }
  return changes;
}

describe('cluster/pg: the plan for OSDs that changed', () => {
  const map = created(20, 3_000, 64);

  const cases = [
    { name: 'one that went down', changed: [3], booted: [], after: withOsds(map, [3], { isUp: false }) },
    { name: 'two at once', changed: [3, 4], booted: [], after: withOsds(map, [3, 4], { isUp: false }) },
    { name: 'one that booted unseen', changed: [], booted: [7], after: map },
    { name: 'one that lost its store', changed: [7], booted: [], after: withOsds(map, [7], { uuid: undefined }) },
    {
      name: 'one down and another booted',
      changed: [1],
      booted: [2],
      after: withOsds(map, [1], { isUp: false }),
    },
  ];
  for (const { name, changed, booted, after } of cases) {
    it(`has for ${name} what its PGs need one by one, and nothing else`, () => {
      const plan = planOsdChange(after, { changed: changed.map(osdId), booted: booted.map(osdId) });
      assert.deepEqual(plan, oneByOne(after, booted));
      assert.ok(plan.length === 2 && plan.every(({ pgs }) => pgs.length > 0));
    });
  }

  it('brings back the members of before when an OSD went down and booted, two terms later', () => {
    const down = withOsds(map, [3], { isUp: false });
    const removed = withRecords(down, planOsdChange(down, { changed: [osdId(3)] }));
    const up = withRecords(
      { ...removed, osds: map.osds },
      planOsdChange({ ...removed, osds: map.osds }, { changed: [], booted: [osdId(3)] }),
    );
    for (let pg = 0; pg < 64; pg += 1) {
      const before = map.records.get({ pool: poolId(2), pg });
      const after = up.records.get({ pool: poolId(2), pg });
      assert.ok(before !== undefined && after !== undefined);
      const had = before.acting.some(({ osd }) => osd === osdId(3));
      assert.equal(after.term, had ? 3 : 1);
      assert.deepEqual(new Set(after.acting), new Set(before.acting));
      assert.deepEqual(after.eligible, []);
    }
  });

  it('is made in many steps when much changes', () => {
    const all = Array.from(map.osds.keys()).filter((id) => id % 2 === 0);
    const after = withOsds(map, all, { isUp: false });
    let steps = 0;
    const run = planOsdChangeSteps(after, { changed: all });
    for (let step = run.next(); step.done !== true; step = run.next()) steps += 1;
    assert.ok(steps >= 3, `${steps}`);
  });
});

describe('cluster/pg: the plan of first members', () => {
  it('gives each PG the usable OSDs of its up set', () => {
    const map = created(20, 300);
    for (let pg = 0; pg < 300; pg += 1) {
      const record = map.records.get({ pool: poolId(1), pg });
      assert.deepEqual(
        record?.acting.map(({ osd, store }) => [osd, store]),
        neighbours(20)(1, pg).map((id) => [id, 100 + id]),
      );
      assert.deepEqual([record?.term, record?.eligible], [1, []]);
    }
    assert.deepEqual(planCreation(map, neighbours(20)), [], 'and has nothing more to do');
  });

  it('waits for min_size OSDs that are up, have a store and know the formats of the pool', () => {
    const pools = [poolInfo(1, 4, { requiredFeatures: 2 })];
    const bare = buildMap({ osdCount: 4, pools });
    const able = withOsds(bare, [0, 1, 2, 3], { features: 3 });
    const all = [...able.osds.keys()];
    const placed = (map: ClusterMap): number[][] =>
      planCreation(map, () => all.slice(0, 3)).flatMap(({ records }) =>
        records.map(({ acting }) => acting.map(({ osd }) => Number(osd))),
      );
    assert.deepEqual(placed(able)[0], [0, 1, 2]);
    assert.deepEqual(placed(withOsds(able, [1], { isUp: false }))[0], [0, 2]);
    assert.deepEqual(placed(withOsds(able, [1], { uuid: undefined }))[0], [0, 2]);
    assert.deepEqual(placed(withOsds(able, [1], { features: 1 }))[0], [0, 2]);
    assert.deepEqual(placed(withOsds(able, [0, 1], { isUp: false })), []);
    assert.deepEqual(placed(bare), []);
  });

  it('is made in steps of a few mappings', () => {
    const map = buildMap({ osdCount: 4, pools: [poolInfo(1, 1_000)] });
    let mappings = 0;
    let most = 0;
    const run = planCreationSteps(map, (pool, pg) => {
      mappings += 1;
      return neighbours(4)(pool, pg);
    });
    for (let step = run.next(); step.done !== true; step = run.next()) {
      most = Math.max(most, mappings);
      mappings = 0;
    }
    assert.ok(most > 0 && most <= 64, `${most}`);
  });
});

describe('cluster/pg: the plan for a pool that gets more PGs', () => {
  const split = (map: ClusterMap, pgNum: number): RecordsChange[] => runSteps(planSplitSteps(map, poolInfo(1, pgNum)));
  const recordIn = (plan: readonly RecordsChange[], pg: number) => {
    const found = plan.find(({ pgs }) => pgs.includes(pg));
    return found?.records[found.pgs.indexOf(pg)];
  };

  it('raises the term of those that are split, and has them all begin with their members', () => {
    const map = created(20, 24);
    const plan = split(map, 32);
    const changed = plan.flatMap(({ pgs }) => [...pgs]);
    const parents = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => n + 8);
    assert.deepEqual(changed, [...parents, ...parents.map((pg) => pg + 16)]);
    for (const pg of parents) {
      const before = map.records.get({ pool: poolId(1), pg });
      assert.deepEqual(recordIn(plan, pg), { ...before, term: 2 });
      assert.deepEqual(recordIn(plan, pg + 16), recordIn(plan, pg));
    }
  });

  it('keeps who may lead: an unconfirmed PG splits into unconfirmed ones', () => {
    const map = created(20, 8);
    const down = withOsds(map, [3], { isUp: false });
    const removed = withRecords(down, planOsdChange(down, { changed: [osdId(3)], booted: [] }));
    const plan = split(removed, 16);
    const before = removed.records.get({ pool: poolId(1), pg: 1 });
    assert.equal(before?.eligible.length, 1);
    assert.deepEqual(recordIn(plan, 9), { ...before, term: 3 });
  });

  it('leaves PGs that nobody has to be made later, with their children', () => {
    assert.deepEqual(split(buildMap({ osdCount: 4, pools: [poolInfo(1, 8)] }), 16), []);
  });

  it('refuses while a member that acts is gone', () => {
    const gone = withOsds(created(20, 8), [3], { uuid: undefined });
    assert.throws(() => split(gone, 16), { code: 'CONFLICT', message: /^pg 1\.\w cannot be split: osd\.3/ });
  });

  it('lets others run meanwhile', () => {
    const steps = planSplitSteps(created(20, 4_096), poolInfo(1, 65_536));
    let count = 0;
    while (steps.next().done !== true) count += 1;
    assert.ok(count >= 65_536 / 1_024, String(count));
  });
});
