import assert from 'node:assert/strict';
import { poolId } from '../../../../cluster/ids.js';
import { TouchedSet } from '../../../../osd/pg/copy/touched-set.js';
import { objectId } from '../../../../osd/store/object-id.js';
import type { Touched } from '../../../../osd/store/pg/log-entry.js';

const object = objectId(poolId(1), { namespace: '', locator: '', name: 'a' });
const data = (offset: number, bytes: number): Touched => ({ kind: 'data', object, offset, bytes });

function listed(...touched: Touched[]): Touched[] {
  return TouchedSet.of(touched).list();
}

describe('osd/pg/copy: what was touched, each thing once', () => {
  it('joins ranges that meet or overlap', () => {
    assert.deepEqual(listed(data(10, 5), data(0, 4), data(15, 5), data(3, 1)), [
      { kind: 'data', object, offset: 0, bytes: 4 },
      { kind: 'data', object, offset: 10, bytes: 10 },
    ]);
  });

  it('copies nothing twice that a change of the size covers', () => {
    assert.deepEqual(
      listed(data(0, 100), { kind: 'size', object, from: 40 }, data(60, 10), { kind: 'size', object, from: 50 }),
      [
        { kind: 'data', object, offset: 0, bytes: 40 },
        { kind: 'size', object, from: 40 },
      ],
    );
  });

  it('is the whole object once that was made or removed', () => {
    const value: Touched = { kind: 'omap-value', object, key: 'k', hasHead: true, slots: [1] };
    assert.deepEqual(listed(data(0, 1), { kind: 'whole', object }, value), [{ kind: 'whole', object }]);
  });

  it('takes the parts of an omap value together, or the value as a whole', () => {
    const first: Touched = { kind: 'omap-value', object, key: 'k', hasHead: false, slots: [3] };
    const second: Touched = { kind: 'omap-value', object, key: 'k', hasHead: true, slots: [0] };
    assert.deepEqual(listed(first, second), [{ kind: 'omap-value', object, key: 'k', hasHead: true, slots: [0, 3] }]);
    assert.deepEqual(listed(first, { kind: 'omap-key', object, key: 'k' }), [{ kind: 'omap-key', object, key: 'k' }]);
  });
});
