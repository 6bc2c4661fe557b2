import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { type PoolId, poolId } from '../../cluster/ids.js';
import { emptyPgRecords, type PackedPgRecords } from '../../cluster/packed-pg-records.js';
import type { PgRecord } from '../../cluster/pg-record.js';
import type { PgRecords } from '../../cluster/pg-records.js';
import { markOsds } from '../../cluster/pg/plan-osd-change.js';
import { unbornRecord } from '../../cluster/pg/create.js';
import { anyRecord, member, members, pool1, record } from './record-values.js';

const pool2 = poolId(2);

type Model = ReadonlyMap<PoolId, readonly PgRecord[]>;

function assertEqualsModel(records: PgRecords, model: Model): void {
  const poolIds = [...model.keys()].sort((a, b) => a - b);
  assert.deepEqual(records.poolIds, poolIds);
  assert.equal(
    records.count,
    [...model.values()].reduce((sum, list) => sum + list.length, 0),
  );
  const cursor = records.cursor();
  for (const pool of poolIds) {
    const list = model.get(pool) ?? [];
    assert.equal(records.pgNumOf(pool), list.length);
    assert.equal(records.get({ pool, pg: list.length }), undefined);
    for (const [pg, expected] of list.entries()) {
      assert.deepEqual(records.get({ pool, pg }), expected);
      assert.ok(cursor.next());
      assert.deepEqual([cursor.pool, cursor.pg], [pool, pg]);
      assert.deepEqual(cursor.record(), expected);
      const all = [...expected.acting, ...expected.eligible];
      assert.equal(cursor.term, expected.term);
      assert.equal(cursor.actingCount, expected.acting.length);
      assert.equal(cursor.ackCopies, expected.mode.kind === 'sync' ? 0 : expected.mode.ackCopies);
      assert.equal(cursor.memberCount, all.length);
      all.forEach(({ osd, store }, i) => assert.deepEqual([cursor.osdAt(i), cursor.storeAt(i)], [osd, store]));
    }
  }
  assert.equal(cursor.next(), false);
  assert.equal(cursor.next(), false);
  assert.deepEqual(unbornOf(records), unbornOfModel(model));
}

function unbornOf(records: PgRecords): string[] {
  const cursor = records.cursor();
  const unborn: string[] = [];
  while (cursor.nextUnborn(Infinity) === 'found') unborn.push(`${cursor.pool}.${cursor.pg}`);
  return unborn;
}

function unbornOfModel(model: Model): string[] {
  const pools = [...model].sort(([a], [b]) => a - b);
  return pools.flatMap(([pool, list]) => list.flatMap(({ term }, pg) => (term === 0 ? [`${pool}.${pg}`] : [])));
}

type Step =
  | { readonly kind: 'pool'; readonly pool: number; readonly pgNum: number }
  | { readonly kind: 'more'; readonly pool: number; readonly pgNum: number }
  | { readonly kind: 'remove'; readonly pool: number }
  | { readonly kind: 'with'; readonly pool: number; readonly changes: readonly (readonly [number, PgRecord])[] };

const anyPool = fc.integer({ min: 1, max: 3 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('pool' as const), pool: anyPool, pgNum: fc.constantFrom(1, 2, 255, 256, 257, 600) }),
  fc.record({ kind: fc.constant('more' as const), pool: anyPool, pgNum: fc.constantFrom(2, 255, 256, 512, 600) }),
  fc.record({ kind: fc.constant('remove' as const), pool: anyPool }),
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('with' as const),
      pool: anyPool,
      changes: fc.array(fc.tuple(fc.nat({ max: 599 }), anyRecord), { maxLength: 12 }),
    }),
  },
);

function applyStep(records: PackedPgRecords, model: Map<PoolId, readonly PgRecord[]>, step: Step): PackedPgRecords {
  const pool = poolId(step.pool);
  const list = model.get(pool);
  switch (step.kind) {
    case 'pool':
      if (list !== undefined) return records;
      model.set(pool, new Array<PgRecord>(step.pgNum).fill(unbornRecord));
      return records.withPool(pool, step.pgNum);
    case 'more': {
      if (list === undefined || step.pgNum < list.length) return records;
      const born = new Array<PgRecord>(step.pgNum - list.length).fill(unbornRecord);
      model.set(pool, [...list, ...born]);
      return records.withPgNum(pool, step.pgNum);
    }
    case 'remove':
      model.delete(pool);
      return records.withoutPool(pool);
    case 'with': {
      if (list === undefined) return records;
      const changes = [...new Map(step.changes)].filter(([pg]) => pg < list.length).sort(([a], [b]) => a - b);
      const next = [...list];
      for (const [pg, changed] of changes) next[pg] = changed;
      model.set(pool, next);
      const pgs = Uint32Array.from(changes, ([pg]) => pg);
      return records.with(
        pool,
        pgs,
        changes.map(([, changed]) => changed),
      );
    }
  }
}

describe('cluster: packed PG records', () => {
  it('are after any sequence of changes what a plain list would be, and stay so when successors change', () => {
    const property = fc.property(fc.array(anyStep, { maxLength: 12 }), (steps) => {
      const model = new Map<PoolId, readonly PgRecord[]>();
      let records = emptyPgRecords;
      const history: { records: PackedPgRecords; model: Model }[] = [];
      for (const step of steps) {
        records = applyStep(records, model, step);
        history.push({ records, model: new Map(model) });
      }
      for (const past of history) assertEqualsModel(past.records, past.model);
    });
    fc.assert(property, { numRuns: 100, seed: 7 });
  });

  it('hold the longest lists of members in every record of a chunk', () => {
    const many = Array.from({ length: 32 }, (_, osd) => member(osd));
    const others = Array.from({ length: 32 }, (_, osd) => member(osd + 1_000));
    const big = record(5, many, others);
    const pgs = Uint32Array.from({ length: 256 }, (_, pg) => pg);
    const records = emptyPgRecords.withPool(pool1, 256).with(
      pool1,
      pgs,
      Array.from(pgs, () => big),
    );
    assert.deepEqual(records.get({ pool: pool1, pg: 0 }), big);
    assert.deepEqual(records.get({ pool: pool1, pg: 255 }), big);
  });

  it('share the chunks that did not change', () => {
    const before = emptyPgRecords.withPool(pool1, 1_000).withPool(pool2, 10);
    const after = before.with(pool1, Uint32Array.of(300), [record(1, members(1, 2))]);
    const shared = after.chunksOf(pool1).map((chunk, i) => chunk === before.chunksOf(pool1)[i]);
    assert.deepEqual(shared, [true, false, true, true]);
    assert.equal(after.chunksOf(pool2), before.chunksOf(pool2));
  });

  it('count the PGs of term 0 in each chunk, also when several chunks change at once', () => {
    const one = record(1, members(1));
    const records = emptyPgRecords.withPool(pool1, 600).with(pool1, Uint32Array.of(0, 1, 300), [one, one, one]);
    assert.deepEqual(
      records.chunksOf(pool1).map(({ unbornCount }) => unbornCount),
      [254, 255, 88],
    );
  });

  it('refuse records out of order, beyond the pool, or of no pool', () => {
    const records = emptyPgRecords.withPool(pool1, 300);
    const one = record(1, members(1));
    assert.throws(() => records.with(pool1, Uint32Array.of(5, 4), [one, one]), /ascend/);
    assert.throws(() => records.with(pool1, Uint32Array.of(4, 4), [one, one]), /ascend/);
    assert.throws(() => records.with(pool1, Uint32Array.of(280, 5), [one, one]), /ascend|invariant/);
    assert.throws(() => records.with(pool1, Uint32Array.of(300), [one]), /of the pool/);
    assert.throws(() => records.with(pool1, Uint32Array.of(5_000), [one]), /of the pool/);
    assert.throws(() => records.with(pool2, Uint32Array.of(0), [one]), /exists/);
    assert.throws(() => records.with(pool1, Uint32Array.of(0), []), /has a record/);
    assert.throws(() => records.withPool(pool1, 1), /new/);
  });

  it('know nothing of PGs that do not exist', () => {
    const records = emptyPgRecords.withPool(pool1, 300);
    for (const pg of [-1, 300, 1.5, Number.NaN]) assert.equal(records.get({ pool: pool1, pg }), undefined);
    assert.equal(records.get({ pool: pool2, pg: 0 }), undefined);
    assert.equal(records.cursor().moveTo(pool2, 0), false);
  });
});

describe('cluster: the cursor over PG records', () => {
  const records = emptyPgRecords
    .withPool(pool2, 3)
    .withPool(pool1, 700)
    .with(pool1, Uint32Array.of(0, 255, 256, 699), [
      record(1, members(1, 2)),
      record(2, members(2), members(3)),
      record(3, members(4)),
      record(4, members(9, 3)),
    ])
    .with(pool2, Uint32Array.of(2), [record(5, members(3))]);

  function marked(osds: readonly number[], scanMax: number): { found: string[]; pauses: number } {
    const cursor = records.cursor();
    const marks = markOsds(members(...osds).map(({ osd }) => osd));
    const found: string[] = [];
    let pauses = 0;
    for (;;) {
      const answer = cursor.nextMarked(marks, scanMax);
      if (answer === 'end') return { found, pauses };
      if (answer === 'paused') pauses += 1;
      else found.push(`${cursor.pool}.${cursor.pg}`);
    }
  }

  it('finds the PGs with a marked OSD, acting or eligible', () => {
    assert.deepEqual(marked([3], 10_000).found, ['1.255', '1.699', '2.2']);
    assert.deepEqual(marked([1, 4], 10_000).found, ['1.0', '1.256']);
    assert.deepEqual(marked([7, 10_000], 10_000).found, []);
    assert.deepEqual(marked([], 10_000).found, []);
  });

  it('pauses after as many PGs as it may look at, and then goes on', () => {
    const { found, pauses } = marked([3], 100);
    assert.deepEqual(found, ['1.255', '1.699', '2.2']);
    assert.ok(pauses >= 5 && pauses <= 8, `${pauses}`);
    assert.deepEqual(marked([3], 1).found, found);
  });

  it('finds the PGs of term 0, and skips chunks without any', () => {
    const all = emptyPgRecords.withPool(pool1, 600);
    const pgs = Uint32Array.from({ length: 599 }, (_, pg) => (pg < 520 ? pg : pg + 1));
    const born = all.with(
      pool1,
      pgs,
      Array.from(pgs, () => record(1, members(1))),
    );
    const cursor = born.withPool(pool2, 2).cursor();
    const found: string[] = [];
    let calls = 0;
    for (let answer = cursor.nextUnborn(3); answer !== 'end'; answer = cursor.nextUnborn(3)) {
      calls += 1;
      if (answer === 'found') found.push(`${cursor.pool}.${cursor.pg}`);
    }
    assert.deepEqual(found, ['1.520', '2.0', '2.1']);
    assert.ok(calls < 200, `${calls} calls: the two full chunks were walked through`);
  });

  it('moves to any PG and walks on from there', () => {
    const cursor = records.cursor();
    assert.ok(cursor.moveTo(pool1, 698));
    assert.equal(cursor.term, 0);
    assert.ok(cursor.next());
    assert.equal(cursor.term, 4);
    assert.ok(cursor.next());
    assert.deepEqual([cursor.pool, cursor.pg], [pool2, 0]);
  });
});
