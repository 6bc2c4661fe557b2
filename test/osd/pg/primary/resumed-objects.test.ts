import assert from 'node:assert/strict';
import { poolId } from '../../../../cluster/ids.js';
import type { PartialCopy } from '../../../../osd/pg/copy/partial-copy.js';
import { ResumedObjects } from '../../../../osd/pg/primary/resumed-objects.js';
import { hasPosition, type LogPosition } from '../../../../osd/pg/types.js';
import { objectId } from '../../../../osd/store/object-id.js';
import type { Touched } from '../../../../osd/store/pg/log-entry.js';

const object = objectId(poolId(1), { namespace: '', locator: '', name: 'a' });
const other = objectId(poolId(1), { namespace: '', locator: '', name: 'b' });
const data = (offset: number, bytes = 1, of = object): Touched => ({ kind: 'data', object: of, offset, bytes });
const end: Touched = { kind: 'size', object, from: 100 };
/** Term 1 up to entry 5, term 3 up to entry 9; up to entry 2 it was trimmed. */
const log = {
  lineage: [
    { term: 1, seq: 5 },
    { term: 3, seq: 9 },
  ],
  trimmedTo: 2,
  lastSeq: 9,
};

function partial(at: LogPosition, version: LogPosition): PartialCopy {
  return { object, version, at, rest: [end] };
}

/** Entry 4 wrote at 4, and so on, as far as they are read; then entry 10 at 10. */
function leftOf(
  of: PartialCopy,
  { found, missing = [] }: { found?: LogPosition; missing?: readonly Touched[] },
): unknown {
  const resumed = new ResumedObjects([of], missing, log);
  for (let seq = resumed.readFrom + 1; seq <= 9; seq++) resumed.add([data(seq), data(seq, 1, other)], seq);
  for (const one of resumed.unsettled) resumed.settle(one, found);
  resumed.add([data(10)], 10);
  return resumed.take(object.key);
}

const positions = [
  { name: 'of the newest term', at: { term: 3, seq: 7 }, has: true },
  { name: 'the last of a term', at: { term: 1, seq: 5 }, has: true },
  { name: 'of a term that went on elsewhere', at: { term: 1, seq: 6 }, has: false },
  { name: 'of a term that it has nothing of', at: { term: 2, seq: 6 }, has: false },
  { name: 'that was trimmed', at: { term: 1, seq: 1 }, has: false },
  { name: 'behind its end', at: { term: 3, seq: 10 }, has: false },
];

describe('osd/pg: an object that an earlier attempt copied in part', () => {
  for (const { name, at, has } of positions) {
    it(`a log ${has ? 'has' : 'does not have'} a place ${name}`, () => assert.equal(hasPosition(log, at), has));
  }

  it('lacks its rest, and what was written behind its place', () => {
    const left = leftOf(partial({ term: 3, seq: 7 }, { term: 1, seq: 1 }), {});
    assert.deepEqual(left, [data(8, 3), end]);
  });

  it('lacks its rest, and what is written from now on, where it has the same version', () => {
    const version = { term: 1, seq: 1 };
    assert.deepEqual(leftOf(partial({ term: 1, seq: 1 }, version), { found: version }), [data(10), end]);
    assert.deepEqual(leftOf(partial({ term: 2, seq: 7 }, version), { found: version }), [data(10), end]);
  });

  it('is not known where neither its place nor its version is, though both numbers are', () => {
    const of = partial({ term: 2, seq: 7 }, { term: 2, seq: 6 });
    assert.equal(leftOf(of, { found: { term: 3, seq: 6 } }), undefined);
    assert.equal(leftOf(of, {}), undefined);
  });

  it('lacks what entries that were cut off had touched', () => {
    const left = leftOf(partial({ term: 3, seq: 9 }, { term: 1, seq: 1 }), { missing: [data(50), data(60, 1, other)] });
    assert.deepEqual(left, [data(10), data(50), end]);
  });

  it('is taken once', () => {
    const resumed = new ResumedObjects([partial({ term: 3, seq: 9 }, { term: 1, seq: 1 })], [], log);
    assert.equal(resumed.readFrom, 9);
    assert.deepEqual(resumed.take(object.key), [end]);
    assert.equal(resumed.take(object.key), undefined);
  });
});
