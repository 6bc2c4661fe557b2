import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NumberedRecords } from '../../../monitor/state/numbered-records.js';

interface Line {
  readonly number: number;
  /** Which of several wrote it. */
  readonly index?: number;
  readonly of?: number;
}

function withLines(countMax: number, count: number): NumberedRecords<Line> {
  const records = new NumberedRecords<Line>(countMax);
  for (let i = 0; i < count; i++) records.add((number) => ({ number }));
  return records;
}

const numbers = (lines: readonly Line[]): number[] => lines.map(({ number }) => number);

describe('numbered records', () => {
  it('count from 1, and lose the oldest beyond their bound', () => {
    const records = withLines(3, 12);
    assert.equal(records.last, 12);
    assert.equal(records.count, 3);
    assert.deepEqual(numbers(records.following({ after: 0, count: 100 })), [10, 11, 12]);
  });

  const cases = [
    { name: 'the newest of all', read: 'newest', after: 0, count: 2, expected: [11, 12] },
    { name: 'the newest after a number', read: 'newest', after: 11, count: 5, expected: [12] },
    { name: 'the oldest that are left', read: 'following', after: 0, count: 2, expected: [8, 9] },
    { name: 'the next ones after a number', read: 'following', after: 9, count: 2, expected: [10, 11] },
    { name: 'nothing after the last', read: 'following', after: 12, count: 2, expected: [] },
    { name: 'nothing after a number to come', read: 'newest', after: 99, count: 2, expected: [] },
    { name: 'nothing when none is wanted', read: 'newest', after: 0, count: 0, expected: [] },
  ] as const;
  for (const { name, read, after, count, expected } of cases) {
    it(`give ${name}`, () => {
      assert.deepEqual(numbers(withLines(5, 12)[read]({ after, count })), expected);
    });
  }

  it('go on from the number that a snapshot names, though it kept fewer', () => {
    const records = NumberedRecords.from<Line>(5, [{ number: 8 }, { number: 9 }], 9);
    records.add((number) => ({ number }));
    assert.deepEqual(numbers(records.following({ after: 0, count: 9 })), [8, 9, 10]);
    const empty = NumberedRecords.from<Line>(5, [], 7);
    empty.add((number) => ({ number }));
    assert.equal(empty.last, 8);
  });

  it('of a fork stay as they were', () => {
    const records = withLines(2, 2);
    const fork = records.fork();
    records.add((number) => ({ number }));
    assert.deepEqual(numbers(fork.following({ after: 0, count: 9 })), [1, 2]);
    assert.equal(fork.last, 2);
  });

  it('of forks that go on stay apart, also where they share a chunk', () => {
    const records = withLines(100, 70);
    const forks = [records.fork(), records.fork()];
    for (const [index, fork] of forks.entries()) for (let i = 0; i < 3; i++) fork.add((number) => ({ number, index }));
    records.add((number) => ({ number }));
    for (const [index, fork] of forks.entries()) {
      assert.deepEqual(
        fork.newest({ after: 70, count: 9 }),
        [71, 72, 73].map((number) => ({ number, index })),
      );
    }
    assert.deepEqual(records.newest({ after: 69, count: 9 }), [{ number: 70 }, { number: 71 }]);
  });

  it('are those of a plain list, whatever is added, forked and dropped', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(90)), { maxLength: 25 }), fc.nat(200), (steps, after) => {
        const states = [{ records: withLines(150, 0), list: [] as Line[] }];
        for (const [which, count] of steps) {
          const state = states[which % states.length];
          assert(state !== undefined);
          states.push({ records: state.records.fork(), list: state.list.slice() });
          for (let i = 0; i < count; i++) {
            // Each its own: two forks have different records of one number.
            state.records.add((number) => ({ number, of: states.length }));
            state.list.push({ number: (state.list.at(-1)?.number ?? 0) + 1, of: states.length });
          }
        }
        for (const { records, list } of states) {
          const kept = list.slice(-150);
          const wanted = kept.filter(({ number }) => number > after);
          assert.equal(records.count, kept.length);
          assert.equal(records.last, list.length);
          assert.deepEqual(records.following({ after, count: 70 }), wanted.slice(0, 70));
          assert.deepEqual(records.newest({ after, count: 70 }), wanted.slice(-70));
        }
      }),
    );
  });
});
