import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { OrderedMap, type OrderedMapRange } from '../../base/ordered-map.js';

const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\u0000', '\u00ff'), maxLength: 4 });
const bound = fc.option(key, { nil: undefined });
const range = fc.record({ gte: bound, gt: bound, lte: bound, lt: bound, reverse: fc.boolean() });

/** The specification: a sorted array. */
function expected(model: ReadonlyMap<string, number>, { gte, gt, lte, lt, reverse }: OrderedMapRange): unknown[] {
  const inside = [...model]
    .filter(([k]) => (gte === undefined || k >= gte) && (gt === undefined || k > gt))
    .filter(([k]) => (lte === undefined || k <= lte) && (lt === undefined || k < lt))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return reverse === true ? inside.reverse() : inside;
}

function numbered(index: number): string {
  return index.toString(36).padStart(6, '0');
}

/** A fixed sequence of numbers that looks random: tests must not depend on chance. */
function* scrambled(count: number): Generator<number> {
  let state = 1;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 8;
  }
}

describe('base/ordered-map', () => {
  it('answers as a sorted array does, forks included, whatever is written', () => {
    const operation = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('set' as const), key }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('fork' as const), key }) },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400, size: 'max' }), range, (operations, r) => {
        let map = new OrderedMap<number>();
        let model = new Map<string, number>();
        const forks: [OrderedMap<number>, Map<string, number>][] = [];
        let value = 0;
        for (const op of operations) {
          value += 1;
          if (op.kind === 'set') {
            if (value % 2 === 0) map.set(op.key, value);
            else assert.equal(map.replace(op.key, value), model.get(op.key));
            model.set(op.key, value);
          } else if (op.kind === 'delete') {
            assert.equal(map.delete(op.key), model.delete(op.key));
          } else {
            // Which of the two goes on being written must not matter.
            forks.push([map, model]);
            map = map.fork();
            model = new Map(model);
          }
          assert.equal(map.get(op.key), model.get(op.key));
        }
        for (const [m, expectation] of [...forks, [map, model] as const]) {
          assert.equal(m.size, expectation.size);
          assert.deepEqual([...m.entries(r)], expected(expectation, r));
          assert.deepEqual([...m.entries()], expected(expectation, {}));
        }
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  it('stays ordered through 20,000 scrambled inserts and deletes of every one of them', () => {
    const map = new OrderedMap<number>();
    const model = new Map<string, number>();
    for (const n of scrambled(20_000)) {
      map.set(numbered(n), n);
      model.set(numbered(n), n);
    }
    assert.deepEqual([...map.entries()], expected(model, {}));
    const frozen = map.fork();
    let left = model.size;
    for (const n of scrambled(20_000)) if (map.delete(numbered(n))) left -= 1;
    assert.equal(left, 0);
    assert.deepEqual([...map.entries()], []);
    assert.deepEqual([...frozen.entries({ reverse: true })], expected(model, { reverse: true }));
  });

  it('shrinks and grows again when keys are removed from either end', () => {
    for (const direction of [1, -1]) {
      const map = new OrderedMap<number>();
      for (let i = 0; i < 5_000; i++) map.set(numbered(i), i);
      for (let i = 0; i < 4_990; i++) assert(map.delete(numbered(direction === 1 ? i : 4_999 - i)));
      assert.equal(map.size, 10);
      assert.equal([...map.entries()].length, 10);
      for (let i = 0; i < 5_000; i++) map.set(numbered(i), i);
      assert.deepEqual(
        [...map.entries()].map(([, v]) => v),
        Array.from({ length: 5_000 }, (_, i) => i),
      );
    }
  });

  it('seeks within the range, both ways, and ends when sought outside of it', () => {
    const map = new OrderedMap<number>();
    for (let i = 0; i < 1_000; i += 2) map.set(numbered(i), i);
    const forward = map.cursor({ gte: numbered(100), lt: numbered(900) });
    forward.seek(numbered(501));
    assert(forward.next());
    assert.equal(forward.value, 502);
    forward.seek(numbered(100));
    assert(forward.next());
    assert.equal(forward.value, 100);
    forward.seek(numbered(99));
    assert(!forward.next());
    const backward = map.cursor({ gte: numbered(100), lt: numbered(900), reverse: true });
    backward.seek(numbered(501));
    assert(backward.next());
    assert.equal(backward.value, 500);
    backward.seek(numbered(900));
    assert(!backward.next());
  });

  it('keeps a walk on the state at its beginning', () => {
    const map = new OrderedMap<number>();
    for (let i = 0; i < 200; i++) map.set(numbered(i), i);
    const cursor = map.cursor();
    assert(cursor.next());
    for (let i = 0; i < 200; i++) map.delete(numbered(i));
    let count = 1;
    while (cursor.next()) count += 1;
    assert.equal(count, 200);
    assert.equal(map.size, 0);
  });
});
