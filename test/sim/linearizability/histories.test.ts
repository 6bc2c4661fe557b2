/** Histories written by hand, good and bad, and what the checker says of them. */
import assert from 'node:assert/strict';
import { checkHistory, CheckGaveUp, NotLinearizable, searchObject } from './check-history.js';
import { isLinearizableByForce } from './brute-force.js';
import {
  append,
  done,
  ifAttribute,
  ifVersion,
  list,
  lists,
  noObject,
  operationsOf,
  put,
  read,
  refused,
  remove,
  sees,
  setAttribute,
  setKey,
  stat,
  write,
} from './sample-calls.js';

interface Case {
  readonly name: string;
  readonly lines: Parameters<typeof operationsOf>[0];
}

const good: readonly Case[] = [
  {
    name: 'one client that reads what it wrote',
    lines: [
      ['a', 0, 1, put('x'), done(1)],
      ['a', 2, 3, read, sees(1, 'x')],
    ],
  },
  {
    name: 'a read during a write that sees the old value',
    lines: [
      ['a', 0, 1, put('x'), done(1)],
      ['a', 2, 9, put('y'), done(2)],
      ['b', 3, 4, read, sees(1, 'x')],
    ],
  },
  {
    name: 'reads during a write that see the old value, then the new one',
    lines: [
      ['a', 0, 1, put('x'), done(1)],
      ['a', 2, 9, put('y'), done(2)],
      ['b', 3, 4, read, sees(1, 'x')],
      ['b', 5, 6, read, sees(2, 'y')],
    ],
  },
  {
    name: 'a write that nobody was told of and that took effect late',
    lines: [
      ['a', 0, 1, put('x'), done(1)],
      ['a', 2, undefined, put('y')],
      ['b', 3, 4, read, sees(1, 'x')],
      ['b', 100, 101, read, sees(2, 'y')],
    ],
  },
  {
    name: 'a write that nobody was told of and that never took effect',
    lines: [
      ['a', 0, 1, put('x'), done(1)],
      ['a', 2, undefined, put('y')],
      ['b', 3, 4, read, sees(1, 'x')],
    ],
  },
  {
    name: 'a version guard for a version that only its writer could know',
    lines: [
      ['a', 0, undefined, put('x')],
      ['b', 1, 2, ifVersion(1, put('y')), done(2)],
      ['b', 3, 4, read, sees(2, 'y')],
    ],
  },
  {
    name: 'of two changes under one guard one succeeds',
    lines: [
      ['a', 0, 1, put('x'), done(1)],
      ['a', 2, 9, ifVersion(1, put('y')), done(2)],
      ['b', 3, 8, ifVersion(1, put('z')), refused],
    ],
  },
  {
    name: 'a lock by an attribute',
    lines: [
      ['a', 0, 5, ifAttribute('lock', undefined, setAttribute('lock', 'a')), done(1)],
      ['b', 1, 6, ifAttribute('lock', undefined, setAttribute('lock', 'b')), refused],
    ],
  },
  {
    name: 'removal, and a new life with higher versions',
    lines: [
      ['a', 0, 1, put('x'), done(3)],
      ['a', 2, 3, remove, done(undefined)],
      ['b', 4, 5, read, noObject],
      ['b', 6, 7, append('y'), done(5)],
      ['b', 8, 9, read, sees(5, 'y')],
    ],
  },
  {
    name: 'appends and overwrites of parts, at once',
    lines: [
      ['a', 0, 9, append('aa'), done(1)],
      ['b', 1, 8, append('bb'), done(2)],
      ['c', 2, 7, write(1, 'cc'), done(3)],
      ['d', 10, 11, read, sees(3, 'accb')],
    ],
  },
];

const bad: readonly Case[] = [
  {
    name: 'a stale read',
    lines: [
      ['a', 0, 1, put('x'), done(1)],
      ['a', 2, 3, put('y'), done(2)],
      ['b', 4, 5, read, sees(1, 'x')],
    ],
  },
  {
    name: 'a lost write',
    lines: [
      ['a', 0, 1, append('x'), done(1)],
      ['b', 2, 3, append('y'), done(2)],
      ['a', 4, 5, append('z'), done(3)],
      ['b', 6, 7, read, sees(3, 'xz')],
    ],
  },
  {
    name: 'a write applied twice',
    lines: [
      ['a', 0, 1, append('x'), done(1)],
      ['b', 2, 3, read, sees(2, 'xx')],
    ],
  },
  {
    name: 'a write whose fate is unknown, applied twice',
    lines: [
      ['a', 0, undefined, append('x')],
      ['b', 2, 3, read, sees(2, 'xx')],
    ],
  },
  { name: 'a value that nobody wrote', lines: [['a', 0, 1, read, sees(1, 'x')]] },
  {
    name: 'a compare-and-set that succeeds twice',
    lines: [
      ['a', 0, 1, put('x'), done(1)],
      ['a', 2, 9, ifVersion(1, put('y')), done(2)],
      ['b', 3, 8, ifVersion(1, put('z')), done(3)],
    ],
  },
  {
    name: 'a lock that two hold',
    lines: [
      ['a', 0, 5, ifAttribute('lock', undefined, setAttribute('lock', 'a')), done(1)],
      ['b', 1, 6, ifAttribute('lock', undefined, setAttribute('lock', 'b')), done(2)],
    ],
  },
  {
    name: 'a guard that fails although it holds',
    lines: [
      ['a', 0, 1, put('x'), done(1)],
      ['b', 2, 3, ifVersion(1, put('y')), refused],
    ],
  },
  {
    // The write failed without effect, so the history does not have it.
    name: 'a dirty read of a write that failed',
    lines: [
      ['a', 0, 1, put('x'), done(1)],
      ['b', 4, 5, read, sees(2, 'y')],
    ],
  },
  {
    name: 'a dirty read of a write that took effect later',
    lines: [
      ['b', 0, 1, read, sees(1, 'x')],
      ['a', 2, 3, put('x'), done(1)],
    ],
  },
  {
    name: 'two reads that see two writes in two orders',
    lines: [
      ['a', 0, 9, put('x'), done(1)],
      ['b', 0.5, 8, put('y'), done(2)],
      ['c', 1, 2, read, sees(2, 'y')],
      ['c', 3, 4, read, sees(1, 'x')],
    ],
  },
  {
    name: 'a write that takes effect before it begins, by its version',
    lines: [
      ['a', 0, 1, put('x'), done(2)],
      ['a', 2, 3, put('y'), done(1)],
    ],
  },
  {
    name: 'two changes of one version',
    lines: [
      ['a', 0, 9, append('x'), done(1)],
      ['b', 1, 8, append('y'), done(1)],
    ],
  },
  {
    name: 'a delete that was undone',
    lines: [
      ['a', 0, 1, put('x'), done(1)],
      ['a', 2, 3, remove, done(undefined)],
      ['b', 4, 5, read, noObject],
      ['b', 6, 7, read, sees(1, 'x')],
    ],
  },
  {
    name: 'an object that vanished',
    lines: [
      ['a', 0, 1, put('x'), done(1)],
      ['b', 2, 3, stat, { kind: 'done', version: undefined, results: [{ kind: 'stat', stat: undefined }] }],
    ],
  },
  {
    name: 'a list that misses an acknowledged key',
    lines: [
      ['a', 0, 1, setKey('k1', 'v1'), done(1)],
      ['a', 2, 3, setKey('k2', 'v2'), done(2)],
      ['b', 4, 5, list, lists(2, [['k2', 'v2']])],
    ],
  },
  {
    name: 'a torn write',
    lines: [
      ['a', 0, 1, put('aaaa'), done(1)],
      ['b', 2, 9, put('bbbb'), done(2)],
      ['c', 3, 4, read, sees(2, 'bbaa')],
    ],
  },
  {
    name: 'a version that goes back under a read',
    lines: [
      ['a', 0, undefined, put('x')],
      ['b', 2, 3, read, sees(5, 'x')],
      ['b', 4, 5, read, sees(4, 'x')],
    ],
  },
];

describe('sim/linearizability: histories written by hand', () => {
  for (const { name, lines } of good) {
    it(`accepts ${name}`, () => {
      assert.equal(isLinearizableByForce(operationsOf(lines)), true, 'by force');
      checkHistory(new Map([['o', operationsOf(lines)]]));
    });
  }

  for (const { name, lines } of bad) {
    it(`rejects ${name}`, () => {
      assert.equal(isLinearizableByForce(operationsOf(lines)), false, 'by force');
      assert.throws(() => checkHistory(new Map([['o', operationsOf(lines)]])), NotLinearizable);
    });
  }

  it('names the first end that nothing explains, however long the history goes on', () => {
    const lines = operationsOf([
      ['a', 0, 1, put('x'), done(1)],
      ['a', 2, 3, put('y'), done(2)],
      ['b', 4, 5, read, sees(1, 'x')],
      ['a', 6, 7, put('z'), done(3)],
      ['b', 8, 9, read, sees(3, 'z')],
    ]);
    assert.throws(
      () => checkHistory(new Map([['o', lines]])),
      ({ message }: Error) => {
        const [first = ''] = message.split('\n');
        assert.equal(
          first,
          'o is not linearizable: nothing explains the end of #2 b [4.0–5.0 ms] read 1000 at 0 → version 1.1, read 1 bytes "x" #5c80c0',
        );
        assert.match(message, /leaves the object so: version 1\.2, 1 bytes "y"/);
        assert.match(message, /would be version 1\.2, read 1 bytes "y"/);
        assert.doesNotMatch(message, /"z"/);
        return true;
      },
    );
  });

  it('gives up loudly at its limit', () => {
    const lines = operationsOf([
      ['a', 0, 1, put('x'), done(1)],
      ['a', 2, 3, put('y'), done(2)],
    ]);
    assert.throws(() => checkHistory(new Map([['o', lines]]), { stepsMax: 1 }), CheckGaveUp);
    assert.equal(searchObject(lines, { stepsMax: 2 }).kind, 'found');
  });
});
