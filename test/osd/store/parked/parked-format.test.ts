/** What is stored of parked objects, byte by byte. A test that fails here says that what was parked could not be read any more. */
import assert from 'node:assert/strict';
import { hexText, latin1Bytes } from '../../../../base/bytes.js';
import { isCairnError } from '../../../../base/errors.js';
import { poolId } from '../../../../cluster/ids.js';
import {
  decodeParkedObject,
  encodeParkedObject,
  type ParkedObject,
} from '../../../../osd/store/parked/parked-object.js';
import {
  isShadowPool,
  parkedEntryKey,
  parkedKey,
  parkedObjectId,
  parkedRange,
  placeOfKey,
  placeOfObject,
  poolOfShadow,
  shadowPg,
} from '../../../../osd/store/parked/parked-place.js';

const pool = poolId(7);
const place = { pg: { pool, pg: 0x2f }, version: { term: 3, seq: 1_234 } };

const samples: readonly (readonly [ParkedObject, string])[] = [
  [
    {
      name: { namespace: 'n', locator: 'l', name: 'é' },
      exists: true,
      isWhole: true,
      bytes: 300,
      entries: 5,
      acknowledged: 2,
      parkedAt: 1_700_000_000_000,
      common: { term: 2, seq: 1_000 },
    },
    '01016e016c02c3a903ac02050280d095ffbc3102e807',
  ],
  [
    {
      name: { namespace: '', locator: '', name: 'a' },
      exists: false,
      isWhole: false,
      bytes: 0,
      entries: 1,
      acknowledged: 0,
      parkedAt: 0,
      common: { term: 0, seq: 0 },
    },
    '010000016100000100000000',
  ],
];

describe('osd/store/parked: stored bytes', () => {
  for (const [parked, bytes] of samples) {
    it(`of ${parked.name.name} are what they were`, () => {
      assert.equal(hexText(encodeParkedObject(parked)), bytes);
      assert.deepEqual(decodeParkedObject(encodeParkedObject(parked)), parked);
    });
  }

  it('that are cut short, longer, of another format or contradict themselves are refused', () => {
    const isTyped = (error: unknown): boolean => isCairnError(error, 'PARSE_ERROR');
    const bytes = encodeParkedObject(samples[0]?.[0] ?? assert.fail());
    for (let end = 0; end < bytes.byteLength; end++) {
      assert.throws(() => decodeParkedObject(bytes.subarray(0, end)), isTyped);
    }
    assert.throws(() => decodeParkedObject(Uint8Array.of(...bytes, 0)), isTyped);
    assert.throws(() => decodeParkedObject(Uint8Array.of(2, ...bytes.subarray(1))), isTyped);
    const more = { ...(samples[1]?.[0] ?? assert.fail()), acknowledged: 2 };
    assert.throws(() => decodeParkedObject(encodeParkedObject(more)), isTyped);
  });

  it('stand under keys of a pool that no cluster has, and are found by them', () => {
    assert.deepEqual(shadowPg(pool), { pool: 2 ** 30 + 7, pg: 0 });
    assert.equal(poolOfShadow(shadowPg(pool).pool), pool);
    assert.ok(isShadowPool(shadowPg(pool).pool) && !isShadowPool(pool));
    assert.equal(hexText(latin1Bytes(parkedKey(place))), '0000002f000000000000000300000000000004d2');
    assert.deepEqual(placeOfKey(pool, parkedKey(place)), place);
    assert.throws(() => placeOfKey(pool, 'short'), { code: 'PARSE_ERROR' });
    const object = parkedObjectId(place, 'object');
    assert.deepEqual([object.pool, object.name.name], [2 ** 30 + 7, '2f/3.1234']);
    assert.equal(parkedObjectId(place, 'log').name.name, '2f/3.1234/log');
    for (const what of ['object', 'log'] as const) {
      assert.deepEqual(placeOfObject(pool, parkedObjectId(place, what).name.name), place);
    }
    for (const name of ['2f', '2f/3', '2f/3.1234/logs', 'x/3.4', '2f/3.99999999999999999', '']) {
      assert.equal(placeOfObject(pool, name), undefined, name);
    }
    assert.equal(hexText(latin1Bytes(parkedEntryKey(place.version))), '000000000000000300000000000004d2');
  });

  it('of one PG are one range', () => {
    const key = parkedKey(place);
    const isIn = (pg: number | undefined): boolean => {
      const { from, to } = parkedRange(pg);
      return key >= from && (to === undefined || key < to);
    };
    assert.deepEqual([0x2e, 0x2f, 0x30, undefined].map(isIn), [false, true, false, true]);
    assert.equal(parkedRange(2 ** 32 - 1).to, undefined);
  });
});
