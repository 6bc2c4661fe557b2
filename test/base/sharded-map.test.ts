import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ShardedMap } from '../../base/sharded-map.js';

describe('base: the sharded map', () => {
  it('is a map, for keys of any length', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '\u0000', '\u00ff'), maxLength: 4 });
    const change = fc.record({ key, value: fc.option(fc.nat(), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const map = new ShardedMap<number>(2);
        const model = new Map<string, number>();
        for (const { key: at, value } of changes) {
          if (value === undefined) assert.equal(map.delete(at), model.delete(at));
          else {
            map.set(at, value);
            model.set(at, value);
          }
          assert.equal(map.size, model.size);
          for (const { key: other } of changes) {
            assert.equal(map.get(other), model.get(other));
            assert.equal(map.has(other), model.has(other));
          }
        }
        map.clear();
        assert.equal(map.size, 0);
        assert.ok(changes.every((one) => !map.has(one.key)));
      }),
    );
  });
});
