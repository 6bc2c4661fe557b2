/** How much is to be copied for what was touched: kept up to date, not counted when asked. */
import assert from 'node:assert/strict';
import { poolId } from '../../../../cluster/ids.js';
import { TouchedSet } from '../../../../osd/pg/copy/touched-set.js';
import { objectId } from '../../../../osd/store/object-id.js';
import type { Touched } from '../../../../osd/store/pg/log-entry.js';

const object = (name: string) => objectId(poolId(1), { namespace: '', locator: '', name });
const a = object('a');
const b = object('b');
const data = (offset: number, bytes: number, of = a): Touched => ({ kind: 'data', object: of, offset, bytes });

/** Where an object has 1,000 bytes on average. */
const cases: readonly { readonly name: string; readonly touched: readonly Touched[]; readonly bytes: number }[] = [
  { name: 'nothing', touched: [], bytes: 0 },
  { name: 'what was written', touched: [data(0, 10), data(100, 20)], bytes: 30 },
  {
    name: 'one place many times: no more than up to its end',
    touched: [data(0, 10), data(0, 10), data(5, 5)],
    bytes: 10,
  },
  {
    name: 'an object as a whole, whatever of it was written',
    touched: [data(0, 10), { kind: 'whole', object: a }],
    bytes: 1_000,
  },
  { name: 'two objects', touched: [data(0, 10), { kind: 'whole', object: b }], bytes: 1_010 },
  { name: 'values without data', touched: [{ kind: 'attribute', object: a, name: 'x' }], bytes: 0 },
];

describe('what was touched, in bytes', () => {
  for (const { name, touched, bytes } of cases) {
    it(name, () => {
      const set = TouchedSet.of(touched);
      assert.equal(set.bytes(1_000), bytes);
      while (set.takeFirst() !== undefined);
      assert.equal(set.bytes(1_000), 0, 'once all is taken');
    });
  }

  it('is less by what is taken, and more by what is added again', () => {
    const set = TouchedSet.of([data(0, 10), data(0, 7, b)]);
    set.take(a);
    set.take(a);
    assert.equal(set.bytes(1_000), 7);
    set.add(data(0, 3));
    assert.equal(set.bytes(1_000), 10);
  });
});
