import assert from 'node:assert/strict';
import { isCairnError } from '../../base/errors.js';
import { wallMs } from '../../base/instants.js';
import { applyChanges } from '../../cluster/apply-incremental.js';
import type { MapChange } from '../../cluster/change.js';
import { epoch, osdId, storeNumber } from '../../cluster/ids.js';
import { type ClusterMap, isGone } from '../../cluster/map.js';
import { loseStore, markDown, markIn, markOut, removeOsd, setReweight } from '../../cluster/osd-changes.js';
import { freeOsdId, register, type Registration } from '../../cluster/osd-registration.js';
import { buildMap, poolInfo, withOsds } from './pg/maps.js';
import { member, members, pool1, record } from './record-values.js';
import type { PgRecord } from '../../cluster/pg-record.js';

/** OSDs 0 to 5 with stores 100 to 105, boot 1; PGs 0 to 3 as given. */
function mapWith(...records: readonly PgRecord[]): ClusterMap {
  const map = buildMap({ osdCount: 6, pools: [poolInfo(1, 4)] });
  const pgs = Uint32Array.from(records, (_, pg) => pg);
  return { ...map, records: map.records.with(pool1, pgs, records) };
}

const uuidOf = (osd: number): string => (0x1000 + osd).toString(16).padStart(32, '0');
const newUuid = 'abcdef01'.repeat(4);

function request(changes: Partial<Registration> = {}): Registration {
  return {
    uuid: newUuid,
    boot: 1,
    publicAddress: { host: '10.0.0.9', port: 7_000 },
    clusterAddress: { host: '10.1.0.9', port: 7_000 },
    capacityBytes: 2 ** 41,
    hostname: 'nine',
    version: '0.2.0',
    features: 0,
    ...changes,
  };
}

function recordsOf(map: ClusterMap, changes: readonly MapChange[]): (PgRecord | undefined)[] {
  const after = applyChanges(map, changes);
  return Array.from({ length: 4 }, (_, pg) => after.records.get({ pool: pool1, pg }));
}

function refusal(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (isCairnError(error)) return error.details['refusal'] ?? error.code;
    throw error;
  }
  return undefined;
}

describe('cluster: registration of a known store', () => {
  const map = mapWith(record(4, members(0, 1, 2)), record(7, members(1, 2), members(0)), record(2, members(3)));
  const down = withOsds(map, [0], { isUp: false });

  it('with a higher boot counter is accepted: same store, up, and a new term where it acts', () => {
    const { changes, result } = register(map, request({ osd: osdId(0), uuid: uuidOf(0), boot: 2 }));
    assert.deepEqual(result, { id: 0, store: 100 });
    const after = applyChanges(map, changes).osds.get(osdId(0));
    assert.deepEqual([after?.boot, after?.isUp, after?.upFrom, after?.hostname], [2, true, 6, 'nine']);
    const records = recordsOf(map, changes);
    assert.deepEqual(records[0], record(5, members(0, 1, 2)));
    assert.deepEqual(records[1], record(8, members(1, 2, 0)));
    assert.deepEqual(records[2], record(2, members(3)));
  });

  it('finds its OSD by the uuid alone', () => {
    const { result } = register(down, request({ uuid: uuidOf(0), boot: 9 }));
    assert.deepEqual(result, { id: 0, store: 100 });
  });

  for (const boot of [1, 0.5 + 0.5]) {
    it(`with boot ${boot} again is refused as a restored image`, () => {
      assert.equal(
        refusal(() => register(down, request({ osd: osdId(0), uuid: uuidOf(0), boot }))),
        'restored-image',
      );
    });
  }

  it('with a lower counter is refused as a restored image, which is told the counter', () => {
    const later = withOsds(map, [0], { boot: 8, isUp: false });
    assert.throws(() => register(later, request({ osd: osdId(0), uuid: uuidOf(0), boot: 7 })), {
      code: 'CONFLICT',
      details: { refusal: 'restored-image', osd: 0, boot: 8 },
    });
  });

  it('under another id is refused, with the right one', () => {
    assert.throws(() => register(down, request({ osd: osdId(3), uuid: uuidOf(0), boot: 2 })), {
      code: 'CONFLICT',
      details: { refusal: 'wrong-slot', osd: 0 },
    });
  });

  it('after its store was given up gets a new store number', () => {
    const lost = applyChanges(down, loseStore(down, osdId(0)));
    const { changes, result } = register(lost, request({ osd: osdId(0), uuid: uuidOf(0), boot: 2 }));
    assert.equal(result.store, map.storeLast + 1);
    const after = applyChanges(lost, changes);
    assert.ok(isGone(after, member(0)));
    assert.deepEqual(after.records.get({ pool: pool1, pg: 0 }), record(5, members(1, 2)));
  });

  it('comes in again when it was out by itself, not when a person took it out, nor under noin', () => {
    const isIn = (changes: Partial<ClusterMap>, isAutoOut: boolean): boolean | undefined => {
      const out = { ...withOsds(down, [0], { isIn: false, isAutoOut }), ...changes };
      const booted = register(out, request({ uuid: uuidOf(0), boot: 2 }));
      return applyChanges(out, booted.changes).osds.get(osdId(0))?.isIn;
    };
    assert.deepEqual([isIn({}, true), isIn({}, false), isIn({ flags: new Set(['noin']) }, true)], [true, false, false]);
  });
});

describe('cluster: registration of a new store', () => {
  const map = mapWith(record(4, members(0, 1, 2)), record(7, members(1), members(0)));
  const down = withOsds(map, [0], { isUp: false });

  it('under an id makes the old store gone everywhere at once', () => {
    const { changes, result } = register(down, request({ osd: osdId(0) }));
    assert.deepEqual(result, { id: 0, store: map.storeLast + 1 });
    const after = applyChanges(down, changes);
    assert.ok(isGone(after, member(0)));
    assert.equal(after.storeLast, map.storeLast + 1);
    const records = recordsOf(down, changes);
    assert.deepEqual(records[0], record(5, members(1, 2)));
    assert.deepEqual(records[1], record(8, members(1)));
  });

  it('without an id gets the lowest free one, and its first number', () => {
    const { changes, result } = register(map, request());
    assert.deepEqual(result, { id: 6, store: map.storeLast + 1 });
    const osd = applyChanges(map, changes).osds.get(osdId(6));
    assert.deepEqual([osd?.isUp, osd?.isIn, osd?.reweight, osd?.uuid], [true, true, 0x10000, newUuid]);
  });

  it('takes an id that osd new has prepared', () => {
    const prepared = withOsds(map, [9], { uuid: undefined, isUp: false, boot: 0, isIn: false });
    assert.deepEqual(register(prepared, request({ osd: osdId(9) })).result, { id: 9, store: map.storeLast + 1 });
  });

  it('is refused under an id whose store is up', () => {
    assert.equal(
      refusal(() => register(map, request({ osd: osdId(0) }))),
      'id-in-use',
    );
  });

  it('is refused while the old store is the last of a PG, until that is given up by name', () => {
    const last = withOsds(mapWith(record(3, members(0))), [0], { isUp: false });
    assert.equal(
      refusal(() => register(last, request({ osd: osdId(0) }))),
      'last-copy',
    );
    const lost = applyChanges(last, loseStore(last, osdId(0)));
    assert.equal(register(lost, request({ osd: osdId(0) })).result.id, 0);
  });

  it('twice with the same request and no commit between gives the same answer', () => {
    assert.deepEqual(register(down, request({ osd: osdId(0) })), register(down, request({ osd: osdId(0) })));
  });
});

describe('cluster: registration of anybody', () => {
  const map = mapWith();
  const cases = [
    { name: 'a uuid that is none', changes: { uuid: 'ABC' }, on: map, expected: 'INVALID_ARGUMENT' },
    { name: 'boot 0', changes: { boot: 0 }, on: map, expected: 'INVALID_ARGUMENT' },
    { name: 'a fraction of a boot', changes: { boot: 1.5 }, on: map, expected: 'INVALID_ARGUMENT' },
    {
      name: 'an old program',
      changes: { features: 1 },
      on: { ...map, requiredFeatures: 3 },
      expected: 'VERSION_MISMATCH',
    },
    { name: 'the noup flag', changes: {}, on: { ...map, flags: new Set(['noup'] as const) }, expected: 'noup' },
  ];
  for (const { name, changes, on, expected } of cases) {
    it(`is refused for ${name}`, () => {
      assert.equal(
        refusal(() => register(on, request(changes))),
        expected,
      );
    });
  }

  it('gives no id that CRUSH or an entity still names', () => {
    const osds = new Map(map.osds);
    for (const id of [1, 3]) osds.delete(osdId(id));
    // CRUSH has devices 0 to 5.
    assert.equal(freeOsdId({ ...map, osds }), 6);
    const crush = { ...map.crush, devices: new Map(), buckets: new Map() };
    assert.equal(freeOsdId({ ...map, osds, crush }), 1);
    const entities = new Map([['osd.1', { name: 'osd.1', caps: new Map<string, string>() }]]);
    assert.equal(freeOsdId({ ...map, osds, crush, entities }), 3);
  });
});

describe('cluster: changes of OSDs', () => {
  const map = mapWith(record(4, members(0, 1, 2)), record(2, members(3), members(0)));
  const at = wallMs(9_000);

  it('marks down once, with the time, the epoch and what follows for records', () => {
    const changes = markDown(map, [osdId(0), osdId(0)], at);
    const after = applyChanges(map, changes);
    const osd = after.osds.get(osdId(0));
    assert.deepEqual([osd?.isUp, osd?.downAt, osd?.downSince], [false, epoch(6), at]);
    assert.deepEqual(recordsOf(map, changes)[0], record(5, members(1, 2), members(0)));
    assert.deepEqual(markDown(after, [osdId(0)], wallMs(10_000)), []);
  });

  it('marks several down in one plan', () => {
    const changes = markDown(map, [osdId(0), osdId(1)], at);
    assert.deepEqual(recordsOf(map, changes)[0], record(5, members(2), members(0, 1)));
  });

  it('marks out and in, and remembers the reweight', () => {
    const half = applyChanges(map, setReweight(map, osdId(1), 0x8000));
    const out = applyChanges(half, markOut(half, [osdId(1)], { isAuto: false }));
    assert.deepEqual([out.osds.get(osdId(1))?.isIn, out.osds.get(osdId(1))?.reweight], [false, 0x8000]);
    assert.deepEqual(markOut(out, [osdId(1)], { isAuto: false }), []);
    const back = applyChanges(out, markIn(out, [osdId(1)]));
    assert.deepEqual([back.osds.get(osdId(1))?.isIn, back.osds.get(osdId(1))?.reweight], [true, 0x8000]);
    assert.deepEqual(markIn(back, [osdId(1)]), []);
  });

  it('makes an automatic out a lasting one when a person says so, and not the reverse', () => {
    const auto = applyChanges(map, markOut(map, [osdId(1)], { isAuto: true }));
    assert.equal(auto.osds.get(osdId(1))?.isAutoOut, true);
    const lasting = applyChanges(auto, markOut(auto, [osdId(1)], { isAuto: false }));
    assert.equal(lasting.osds.get(osdId(1))?.isAutoOut, false);
    assert.deepEqual(markOut(lasting, [osdId(1)], { isAuto: true }), []);
  });

  it('takes a reweight of 0 for out, any other for in, and refuses what is not from 0 to 1', () => {
    const out = applyChanges(map, setReweight(map, osdId(1), 0));
    assert.deepEqual([out.osds.get(osdId(1))?.isIn, out.osds.get(osdId(1))?.reweight], [false, 0x10000]);
    assert.equal(applyChanges(out, setReweight(out, osdId(1), 0x4000)).osds.get(osdId(1))?.isIn, true);
    assert.deepEqual(setReweight(map, osdId(1), 0x10000), []);
    for (const bad of [-1, 0x10001, 0.5, Number.NaN]) {
      assert.throws(() => setReweight(map, osdId(1), bad), { code: 'INVALID_ARGUMENT' });
    }
  });

  it('gives up a store that is down, once, and drops it from its PGs', () => {
    assert.throws(() => loseStore(map, osdId(0)), { code: 'CONFLICT' });
    const down = applyChanges(map, markDown(map, [osdId(0)], at));
    const changes = loseStore(down, osdId(0));
    assert.deepEqual(recordsOf(down, changes).slice(0, 2), [record(6, members(1, 2)), record(3, members(3))]);
    assert.deepEqual(loseStore(applyChanges(down, changes), osdId(0)), []);
  });

  it('removes an OSD only when it is down and no member any more', () => {
    assert.throws(() => removeOsd(map, osdId(0)), { code: 'CONFLICT', message: /up/ });
    const down = applyChanges(map, markDown(map, [osdId(0), osdId(5)], at));
    assert.throws(() => removeOsd(down, osdId(0)), { code: 'CONFLICT', details: { count: 2 } });
    const lost = applyChanges(down, loseStore(down, osdId(0)));
    const after = applyChanges(lost, removeOsd(lost, osdId(0)));
    assert.equal(after.osds.has(osdId(0)), false);
    assert.deepEqual(removeOsd(after, osdId(0)), []);
    assert.deepEqual(removeOsd(down, osdId(5)), [{ kind: 'osd-removed', id: 5 }]);
  });

  it('removes an OSD whose PGs still name a store that is gone', () => {
    const waiting = withOsds(mapWith(record(3, [member(0, 7)])), [0], { isUp: false, store: storeNumber(100) });
    assert.deepEqual(removeOsd(waiting, osdId(0)), [{ kind: 'osd-removed', id: 0 }]);
  });

  it('removes an OSD from the upmaps that name it, and keeps their other items', () => {
    const move = (from: number, to: number) => ({ from: osdId(from), to: osdId(to) });
    const ofPool = new Map([
      [0, [move(1, 5), move(2, 4)]],
      [1, [move(5, 4)]],
      [2, [move(1, 4)]],
    ]);
    const mapped = { ...withOsds(mapWith(), [5], { isUp: false }), upmaps: new Map([[pool1, ofPool]]) };
    const after = applyChanges(mapped, removeOsd(mapped, osdId(5)));
    assert.deepEqual(
      [...(after.upmaps.get(pool1) ?? [])],
      [
        [0, [move(2, 4)]],
        [2, [move(1, 4)]],
      ],
    );
  });

  it('refuses OSDs that do not exist', () => {
    const nobody = osdId(77);
    assert.throws(() => markDown(map, [nobody], at), { code: 'NOT_FOUND' });
    assert.throws(() => markOut(map, [nobody], { isAuto: true }), { code: 'NOT_FOUND' });
    assert.throws(() => loseStore(map, nobody), { code: 'NOT_FOUND' });
  });
});
