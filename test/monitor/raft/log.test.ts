import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RaftLog } from '../../../monitor/raft/log.js';
import { logIndex, memberId, term, type LogEntry, type Membership } from '../../../monitor/raft/types.js';
import { snapshotMeta } from './model-disk.js';

const one: Membership = { voters: [memberId(1)], learners: [] };
const two: Membership = { voters: [memberId(1), memberId(2)], learners: [] };

function noops(first: number, terms: readonly number[]): LogEntry[] {
  return terms.map((t, i) => ({ kind: 'noop', index: logIndex(first + i), term: term(t) }));
}

function snapshotAt(index: number, inTerm: number, membership = one): ReturnType<typeof snapshotMeta> {
  return snapshotMeta({ index, term: inTerm, membership, chunks: 1 });
}

function logOf(terms: readonly number[]): RaftLog {
  return new RaftLog(snapshotMeta({ index: 0, term: 0, membership: one, chunks: 0 }), noops(1, terms), {
    retainedEntriesMax: 4_096,
    heldBytesMax: 1_000,
  });
}

function termsOf(log: RaftLog): number[] {
  return log.entries(log.offset.index + 1, log.last.index).map((entry) => entry.term);
}

describe('the log', () => {
  it('refuses to replace what is committed', () => {
    const log = logOf([1, 1, 1]);
    log.commitTo(2);
    assert.throws(() => log.append(noops(2, [2])), /committed entries are never replaced/);
    log.append(noops(3, [2]));
    assert.deepEqual(termsOf(log), [1, 1, 2]);
  });

  it('keeps what is held whatever is compacted, within its bound, and drops it when it is let go', () => {
    // Of 64 bytes each; the bound is 1,000.
    const log = new RaftLog(
      snapshotMeta({ index: 0, term: 0, membership: one, chunks: 0 }),
      noops(1, Array(40).fill(1)),
      {
        retainedEntriesMax: 2,
        heldBytesMax: 1_000,
      },
    );
    log.commitTo(40);
    const offsets: number[] = [];
    const compact = (index: number): void => {
      log.compact(snapshotAt(index, 1));
      offsets.push(log.offset.index);
    };
    compact(5);
    log.hold(logIndex(5));
    compact(12);
    compact(20);
    // 16 entries are too many.
    compact(21);
    assert.deepEqual(offsets, [3, 5, 5, 19]);
    log.hold(logIndex(20));
    compact(30);
    log.hold(logIndex(25));
    assert.equal(log.offset.index, 25);
    log.hold(undefined);
    assert.equal(log.offset.index, 28);
    // Nothing comes back.
    log.hold(logIndex(20));
    assert.equal(log.offset.index, 28);
    assert.deepEqual(
      log.entries(29, 40).map(({ index }) => Number(index)),
      Array.from({ length: 12 }, (_, i) => 29 + i),
    );
  });

  it('refuses gaps and falling terms', () => {
    assert.throws(() => logOf([1]).append(noops(3, [1])), /no gaps/);
    assert.throws(() => logOf([2]).append(noops(2, [1])), /terms never fall/);
    assert.throws(() => logOf([1]).commitTo(2), /what is committed is in the log/);
  });

  it('brings back the membership before one that is truncated', () => {
    const log = logOf([1]);
    const change = { index: logIndex(2), term: term(1), data: new Uint8Array() };
    log.append([{ kind: 'membership', membership: two, ...change }]);
    assert.deepEqual(log.memberships.latest, two);
    log.append(noops(2, [2]));
    assert.deepEqual(log.memberships.latest, one);
  });

  const installs = [
    {
      name: 'keeps what follows a snapshot that it held',
      terms: [1, 2, 2, 3],
      at: 3,
      inTerm: 2,
      isHeld: true,
      left: [3],
    },
    {
      name: 'drops all when the snapshot is of another history',
      terms: [1, 1, 1, 1],
      at: 3,
      inTerm: 2,
      isHeld: false,
      left: [],
    },
    { name: 'drops all when the snapshot is beyond its end', terms: [1, 2], at: 3, inTerm: 2, isHeld: false, left: [] },
  ];
  for (const c of installs) {
    it(c.name, () => {
      const log = logOf(c.terms);
      const snapshot = snapshotAt(c.at, c.inTerm, two);
      assert.equal(log.install(snapshot), c.isHeld);
      assert.deepEqual(
        log.entries(c.at + 1, log.last.index).map((entry) => entry.term),
        c.left,
      );
      assert.equal(log.commit, c.at);
      assert.equal(log.termAt(c.at), c.inTerm);
      assert.deepEqual(log.memberships.latest, two);
    });
  }

  it('ignores a snapshot older than its own, and refuses one of what is not committed', () => {
    const log = logOf([1, 1, 1]);
    assert.throws(() => log.compact(snapshotAt(2, 1)), /committed entries only/);
    log.commitTo(3);
    assert.equal(log.compact(snapshotAt(2, 1)), true);
    assert.equal(log.compact(snapshotAt(1, 1)), false);
    assert.throws(() => log.compact(snapshotAt(3, 2)), /ends with an entry of this log/);
    assert.throws(() => log.compact(snapshotAt(3, 1, two)), /membership as of its index/);
  });

  it('keeps at most 4,096 entries before its snapshot', () => {
    const log = logOf(Array.from({ length: 5_000 }, () => 1));
    log.commitTo(5_000);
    log.compact(snapshotAt(4_900, 1));
    assert.equal(log.offset.index, 4_900 - 4_096);
    assert.equal(log.entries(4_901, 5_000).length, 100);
  });

  it('keeps at most 8 MiB before its snapshot', () => {
    const log = logOf([1]);
    const data = new Uint8Array(3 * 1024 * 1024);
    log.append([2, 3, 4, 5].map((i) => ({ kind: 'command', data, index: logIndex(i), term: term(1) })));
    log.commitTo(5);
    log.compact(snapshotAt(5, 1));
    assert.equal(log.offset.index, 3);
    assert.equal(log.bytesBetween(3, 5), 2 * (data.length + 64));
  });

  it('cuts appends at their size, and sends one larger entry alone', () => {
    const log = logOf([1, 1, 1, 1]);
    assert.equal(log.entriesWithin(2, 2 * 64).length, 2);
    assert.equal(log.entriesWithin(2, 2 * 64 - 1).length, 1);
    assert.equal(log.entriesWithin(2, 1).length, 1);
    assert.equal(log.entriesWithin(2, 10_000).length, 3);
  });

  it('finds where two logs may agree as a walk backwards would', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 30 });
    fc.assert(
      fc.property(steps, fc.nat(35), fc.nat(40), (increments, index, atMost) => {
        let t = 1;
        const log = logOf(increments.map((increment) => (t += increment)));
        let expected = Math.min(index, increments.length);
        while (expected > 0 && (log.termAt(expected) ?? 0) > atMost) expected--;
        assert.equal(log.lastNotAbove(index, atMost), expected);
      }),
    );
  });
});
