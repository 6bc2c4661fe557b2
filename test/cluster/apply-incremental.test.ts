import assert from 'node:assert/strict';
import { isCairnError, type ErrorCode } from '../../base/errors.js';
import { wallMs } from '../../base/instants.js';
import { runSteps } from '../../base/steps.js';
import { applyChanges, applyIncremental } from '../../cluster/apply-incremental.js';
import type { Incremental, MapChange } from '../../cluster/change.js';
import { checkSuccession } from '../../cluster/check-succession.js';
import { decodeMap, encodeMap } from '../../cluster/codec/map-codec.js';
import { epoch, osdId, poolId, storeNumber } from '../../cluster/ids.js';
import type { ClusterFlag, ClusterMap } from '../../cluster/map.js';
import { planSplitSteps } from '../../cluster/pg/plan-split.js';
import { validateMap } from '../../cluster/validate-map.js';
import { entity, fsid, members, monitor, newMap, next, osd, pool, record, recordsChange, smallMap } from './samples.js';

const base = smallMap();
const empty: Incremental = { epoch: epoch(3), fsid, changedAt: wallMs(base.changedAt + 1), changes: [] };
const upmap = (pg: number, from: number, to: number): MapChange => ({
  kind: 'upmap',
  pg: { pool: poolId(1), pg },
  items: [{ from: osdId(from), to: osdId(to) }],
});

function splitTo(map: ClusterMap, pgNum: number): MapChange[] {
  const after = pool(1, { pgNum });
  return [{ kind: 'pool', pool: after }, ...runSteps(planSplitSteps(map, after))];
}

function withoutLast(change: MapChange): MapChange {
  if (change.kind !== 'records') return change;
  return { ...change, pgs: change.pgs.subarray(0, -1), records: change.records.slice(0, -1) };
}

describe('applyIncremental', () => {
  it('makes the next epoch, and leaves the map before as it was', () => {
    const bytes = encodeMap(base);
    const after = applyIncremental(base, { ...empty, changes: [{ kind: 'osd', osd: osd(2, { isUp: false }) }] });
    assert.equal(after.epoch, 3);
    assert.equal(after.osds.get(osdId(2))?.isUp, false);
    assert.equal(after.changedAt, base.changedAt + 1);
    assert.deepEqual(encodeMap(base), bytes);
    validateMap(after);
    checkSuccession(base, after);
  });

  it('shares what did not change', () => {
    const after = applyIncremental(base, {
      ...empty,
      changes: [{ kind: 'config', key: 'osd/log_level', value: 'debug' }],
    });
    assert.equal(after.osds, base.osds);
    assert.equal(after.records, base.records);
    assert.equal(after.crush, base.crush);
    assert.notEqual(after.config, base.config);
  });

  it('applies no change of a list that holds a bad one', () => {
    const bytes = encodeMap(base);
    const changes: MapChange[] = [
      { kind: 'config', key: 'osd/log_level', value: 'debug' },
      recordsChange(1, [[0, record(9, members(1))]]),
      { kind: 'osd-removed', id: osdId(9) },
    ];
    assert.throws(() => applyIncremental(base, { ...empty, changes }), { code: 'CONFLICT' });
    assert.deepEqual(encodeMap(base), bytes);
  });

  it('keeps the time from going back', () => {
    const after = applyIncremental(base, { ...empty, changedAt: wallMs(5) });
    assert.equal(after.changedAt, base.changedAt);
  });

  const misfits = [
    { name: 'another cluster', over: { fsid: 'f'.repeat(32) }, code: 'CONFLICT' },
    { name: 'the same epoch', over: { epoch: epoch(2) }, code: 'CONFLICT' },
    { name: 'an epoch too far', over: { epoch: epoch(4) }, code: 'CONFLICT' },
    { name: 'no finite time', over: { changedAt: Number.NaN as Incremental['changedAt'] }, code: 'INVALID_ARGUMENT' },
  ];
  for (const { name, over, code } of misfits) {
    it(`refuses ${name}`, () => {
      assert.throws(() => applyIncremental(base, { ...empty, ...over }), { code });
    });
  }

  it('keeps the numbers given out as maxima, also of what was removed and promised', () => {
    const after = next(
      base,
      { kind: 'osd', osd: osd(7) },
      { kind: 'osd-removed', id: osdId(7) },
      { kind: 'pool', pool: pool(6) },
      { kind: 'pool-removed', id: poolId(6) },
      { kind: 'monitor', monitor: monitor('d', 9, { role: 'learner' }) },
      { kind: 'numbers', storeLast: 3, poolLast: 12, memberLast: 4 },
    );
    assert.deepEqual([after.storeLast, after.poolLast, after.memberLast], [8, 12, 9]);
  });

  it('iterates by key, in whatever order things came', () => {
    const after = next(
      newMap(),
      { kind: 'osd', osd: osd(5) },
      { kind: 'osd', osd: osd(1) },
      { kind: 'osd', osd: osd(3) },
    );
    assert.deepEqual([...after.osds.keys()], [1, 3, 5]);
  });

  it('removes the records and upmaps of a pool with it', () => {
    const after = next(base, { kind: 'pool-removed', id: poolId(1) });
    assert.equal(after.records.count, 0);
    assert.equal(after.upmaps.size, 0);
    validateMap(after);
  });

  it('gives a new pool records of term 0', () => {
    const after = next(base, { kind: 'pool', pool: pool(2, { pgNum: 300, createdAt: epoch(3) }) });
    assert.equal(after.records.count, 308);
    assert.deepEqual(after.records.get({ pool: poolId(2), pg: 299 }), record(0, []));
  });

  it('gives PGs that are split, and those that they are split into, records with the pool', () => {
    const after = next(base, ...splitTo(base, 16));
    assert.equal(after.records.count, 16);
    const [parent, child] = [2, 10].map((pg) => after.records.get({ pool: poolId(1), pg }));
    assert.deepEqual(child, parent);
    assert.equal(parent?.term, (base.records.get({ pool: poolId(1), pg: 2 })?.term ?? 0) + 1);
    validateMap(after);
    checkSuccession(base, after);
    assert.deepEqual(decodeMap(encodeMap(after)), after);
  });

  it('ends an upmap that has no items', () => {
    const after = next(base, { kind: 'upmap', pg: { pool: poolId(1), pg: 5 }, items: [] });
    assert.equal(after.upmaps.size, 0);
  });

  it('keeps a CRUSH map in the form that its binary format gives back', () => {
    // The text of later releases leaves sizes out; the binary form says 1 and 100.
    const rule = base.crush.rules.get(0);
    assert.ok(rule !== undefined);
    const { id, name, type, steps } = rule;
    const crush = { ...base.crush, rules: new Map([[0, { id, name, type, steps }]]) };
    const after = next(base, { kind: 'crush', crush });
    assert.deepEqual(after.crush.rules.get(0), { ...rule, minSize: 1, maxSize: 100 });
    assert.deepEqual(decodeMap(encodeMap(after)).crush, after.crush);
  });

  it('lets what depends on each other come in any order', () => {
    const after = next(base, upmap(2, 0, 8), { kind: 'osd', osd: osd(8, { store: storeNumber(20) }) });
    validateMap(after);
  });
});

describe('applyChanges', () => {
  it('leaves epoch and time to the incremental that follows', () => {
    const after = applyChanges(base, [{ kind: 'flag', flag: 'pause', isSet: true }]);
    assert.deepEqual([after.epoch, after.changedAt], [base.epoch, base.changedAt]);
    assert.deepEqual([...after.flags], ['noout', 'pause']);
  });

  it('returns the very map when there is nothing to change', () => {
    assert.equal(applyChanges(base, []), base);
  });
});

describe('a change is refused', () => {
  const bad = (name: string, code: ErrorCode, ...changes: readonly MapChange[]) => ({ name, code, changes });
  const record3 = record(3, members(2, 3));
  const cases = [
    bad('a monitor without a name', 'INVALID_ARGUMENT', { kind: 'monitor', monitor: monitor('', 9) }),
    bad('a monitor at port 0', 'INVALID_ARGUMENT', {
      kind: 'monitor',
      monitor: monitor('d', 9, { address: { host: 'h', port: 0 } }),
    }),
    bad('a monitor at a host with a space', 'INVALID_ARGUMENT', {
      kind: 'monitor',
      monitor: monitor('d', 9, { address: { host: 'a b', port: 1 } }),
    }),
    bad('a second monitor of one member number', 'CONFLICT', { kind: 'monitor', monitor: monitor('d', 2) }),
    bad('removing a monitor that is not there', 'CONFLICT', { kind: 'monitor-removed', name: 'z' }),
    bad(
      'removing all who vote',
      'CONFLICT',
      ...['a', 'b', 'c'].map((name): MapChange => ({ kind: 'monitor-removed', name })),
    ),
    bad('a malformed uuid', 'INVALID_ARGUMENT', { kind: 'osd', osd: osd(1, { uuid: 'A'.repeat(32) }) }),
    bad('an OSD that is up without a store', 'INVALID_ARGUMENT', { kind: 'osd', osd: osd(1, { uuid: undefined }) }),
    bad('an OSD that is up without an address', 'INVALID_ARGUMENT', {
      kind: 'osd',
      osd: osd(1, { clusterAddress: undefined }),
    }),
    bad('an OSD both in and out by itself', 'INVALID_ARGUMENT', { kind: 'osd', osd: osd(1, { isAutoOut: true }) }),
    bad('a reweight above 1', 'INVALID_ARGUMENT', { kind: 'osd', osd: osd(1, { reweight: 0x10001 }) }),
    bad('an epoch of the future', 'CONFLICT', { kind: 'osd', osd: osd(1, { upFrom: epoch(4) }) }),
    bad('a host name of two lines', 'INVALID_ARGUMENT', { kind: 'osd', osd: osd(1, { hostname: 'a\nb' }) }),
    bad('an earlier store', 'CONFLICT', { kind: 'osd', osd: osd(3, { store: storeNumber(1) }) }),
    bad('an earlier boot', 'CONFLICT', { kind: 'osd', osd: osd(3, { boot: 0, isUp: false }) }),
    bad('another store under the same number', 'CONFLICT', { kind: 'osd', osd: osd(3, { uuid: 'b'.repeat(32) }) }),
    bad(
      'a lost store that returns under its number',
      'CONFLICT',
      { kind: 'osd', osd: osd(3, { uuid: undefined, isUp: false }) },
      { kind: 'osd', osd: osd(3) },
    ),
    bad('a store number of another OSD', 'CONFLICT', { kind: 'osd', osd: osd(0, { store: storeNumber(4) }) }),
    bad('removing an OSD that is not there', 'CONFLICT', { kind: 'osd-removed', id: osdId(9) }),
    bad('removing an OSD that an upmap names', 'CONFLICT', { kind: 'osd-removed', id: osdId(3) }),
    bad('a CRUSH map without the rule of a pool', 'CONFLICT', {
      kind: 'crush',
      crush: { ...base.crush, rules: new Map() },
    }),
    bad('a CRUSH map that cannot be mapped', 'INVALID_ARGUMENT', {
      kind: 'crush',
      crush: { ...base.crush, tunables: { ...base.crush.tunables, chooseTotalTries: -1 } },
    }),
    bad('a pool of a rule that is not there', 'CONFLICT', { kind: 'pool', pool: pool(1, { rule: 7 }) }),
    bad('two pools of one name', 'CONFLICT', { kind: 'pool', pool: pool(2, { name: 'pool1' }) }),
    bad('fewer PGs', 'UNSUPPORTED', { kind: 'pool', pool: pool(1, { pgNum: 4 }) }),
    bad('PGs that were split without records', 'CONFLICT', { kind: 'pool', pool: pool(1, { pgNum: 16 }) }),
    bad(
      'PGs that were split while their parents keep their terms',
      'CONFLICT',
      { kind: 'pool', pool: pool(1, { pgNum: 9 }) },
      recordsChange(1, [[8, record3]]),
    ),
    bad('PGs that were split, without one of them', 'CONFLICT', ...splitTo(base, 16).map(withoutLast)),
    bad('an erasure-coded pool', 'UNSUPPORTED', { kind: 'pool', pool: pool(2, { kind: 'erasure' }) }),
    bad('other checksum blocks', 'CONFLICT', { kind: 'pool', pool: pool(1, { checksumBlockBytes: 4096 }) }),
    bad('checksum blocks that are no power of two', 'INVALID_ARGUMENT', {
      kind: 'pool',
      pool: pool(2, { checksumBlockBytes: 5000 }),
    }),
    bad('a min_size above the size', 'INVALID_ARGUMENT', { kind: 'pool', pool: pool(1, { minSize: 4 }) }),
    bad('an async pool that waits for all copies', 'INVALID_ARGUMENT', {
      kind: 'pool',
      pool: pool(1, { mode: { kind: 'async', ackCopies: 3, maxLagMs: 1, maxLagBytes: 1 } }),
    }),
    bad('a pool without PGs', 'INVALID_ARGUMENT', { kind: 'pool', pool: pool(2, { pgNum: 0 }) }),
    bad('a pool made in the future', 'CONFLICT', { kind: 'pool', pool: pool(2, { createdAt: epoch(9) }) }),
    bad('a flag twice', 'INVALID_ARGUMENT', { kind: 'pool', pool: pool(1, { flags: ['noscrub', 'noscrub'] }) }),
    bad('removing a pool that is not there', 'CONFLICT', { kind: 'pool-removed', id: poolId(2) }),
    bad(
      'a pool number again',
      'CONFLICT',
      { kind: 'pool-removed', id: poolId(1) },
      { kind: 'pool', pool: pool(1, { name: 'again' }) },
    ),
    bad('a record of no pool', 'CONFLICT', recordsChange(2, [[0, record3]])),
    bad('a record beyond the pool', 'CONFLICT', recordsChange(1, [[8, record3]])),
    bad(
      'records out of order',
      'INVALID_ARGUMENT',
      recordsChange(1, [
        [2, record(9, members(1))],
        [1, record3],
      ]),
    ),
    bad('fewer records than PGs', 'INVALID_ARGUMENT', {
      kind: 'records',
      pool: poolId(1),
      pgs: Uint32Array.of(1, 2),
      records: [record3],
    }),
    bad('a term that goes back', 'CONFLICT', recordsChange(1, [[6, record3]])),
    bad('other members within a term', 'CONFLICT', recordsChange(1, [[2, record(3, members(2, 1))]])),
    bad(
      'new eligible members within a term',
      'CONFLICT',
      recordsChange(1, [[2, record(3, members(2, 3), { eligible: members(1) })]]),
    ),
    bad(
      'another mode within a term',
      'CONFLICT',
      recordsChange(1, [[2, record(3, members(2, 3), { mode: { kind: 'async', ackCopies: 1 } })]]),
    ),
    bad('a record in which nobody acts', 'INVALID_ARGUMENT', recordsChange(1, [[2, record(9, [])]])),
    bad('members in term 0', 'INVALID_ARGUMENT', recordsChange(1, [[7, record(0, members(1))]])),
    bad('a member twice', 'INVALID_ARGUMENT', recordsChange(1, [[2, record(9, members(1, 1))]])),
    bad(
      'a member acting and eligible',
      'INVALID_ARGUMENT',
      recordsChange(1, [[2, record(9, members(1), { eligible: members(1) })]]),
    ),
    bad(
      'eligible members out of order',
      'INVALID_ARGUMENT',
      recordsChange(1, [[2, record(9, members(1), { eligible: members(3, 2) })]]),
    ),
    bad('a store that nobody was given', 'CONFLICT', recordsChange(1, [[2, record(9, members(4))]])),
    bad('an upmap to the same OSD', 'INVALID_ARGUMENT', upmap(1, 2, 2)),
    bad('an upmap to an OSD that is not there', 'CONFLICT', upmap(1, 2, 9)),
    bad('an upmap of a PG that is not there', 'CONFLICT', upmap(8, 1, 2)),
    bad('an upmap of a pool just removed', 'CONFLICT', { kind: 'pool-removed', id: poolId(1) }, upmap(1, 2, 3)),
    bad('a flag that does not exist', 'INVALID_ARGUMENT', {
      kind: 'flag',
      flag: 'nothing' as ClusterFlag,
      isSet: true,
    }),
    bad('a config key without a section', 'INVALID_ARGUMENT', { kind: 'config', key: 'log_level', value: '1' }),
    bad('a config value of two lines', 'INVALID_ARGUMENT', { kind: 'config', key: 'osd/log_level', value: 'a\nb' }),
    bad('an entity without a type', 'INVALID_ARGUMENT', { kind: 'entity', entity: entity('admin') }),
    bad('empty caps', 'INVALID_ARGUMENT', { kind: 'entity', entity: entity('client.x', { mon: '' }) }),
    bad('removing an entity that is not there', 'CONFLICT', { kind: 'entity-removed', name: 'client.x' }),
    bad('required features that an OSD lacks', 'CONFLICT', { kind: 'required-features', features: 2 ** 40 }),
    bad('a store number of 33 bits', 'INVALID_ARGUMENT', {
      kind: 'numbers',
      storeLast: 2 ** 32,
      poolLast: 0,
      memberLast: 0,
    }),
  ];
  for (const { name, code, changes } of cases) {
    it(name, () => {
      // One line, that says something.
      const isClear = (error: unknown): boolean => isCairnError(error, code) && /^[^\n]{20,}$/.test(error.message);
      assert.throws(() => next(base, ...changes), isClear);
    });
  }

  it('less required features', () => {
    const osds = [0, 1, 2, 3].map((id): MapChange => ({ kind: 'osd', osd: osd(id, { features: 2 ** 41 - 1 }) }));
    const strict = next(base, ...osds, { kind: 'required-features', features: 2 ** 40 + 1 });
    assert.equal(strict.requiredFeatures, 2 ** 40 + 1);
    assert.throws(() => next(strict, { kind: 'required-features', features: 1 }), { code: 'CONFLICT' });
  });
});

describe('a record within a term', () => {
  it('may be confirmed, once', () => {
    const opened = next(base, recordsChange(1, [[2, record(9, members(2), { eligible: members(1, 3) })]]));
    const confirmed = next(opened, recordsChange(1, [[2, record(9, members(2))]]));
    assert.deepEqual(confirmed.records.get({ pool: poolId(1), pg: 2 })?.eligible, []);
    const again = record(9, members(2), { eligible: members(1, 3) });
    assert.throws(() => next(confirmed, recordsChange(1, [[2, again]])), { code: 'CONFLICT' });
  });
});
