import assert from 'node:assert/strict';
import { monotonicMs } from '../../../base/instants.js';
import { CommitNotices } from '../../../monitor/consensus/commit-notices.js';
import { noticeMs } from '../../../monitor/consensus/options.js';
import { logIndex, memberId, term, type LogEntry, type RaftMessage } from '../../../monitor/raft/types.js';

const entry: LogEntry = { kind: 'noop', index: logIndex(8), term: term(2) };

function append(to: number, options: { readonly commit: number; readonly round: number; readonly entries?: number }) {
  return {
    kind: 'append',
    from: memberId(1),
    to: memberId(to),
    term: term(2),
    previous: { index: logIndex(7), term: term(2) },
    entries: Array.from({ length: options.entries ?? 0 }, () => entry),
    commit: logIndex(options.commit),
    round: options.round,
  } satisfies RaftMessage;
}

const start = monotonicMs(1_000);
const soon = monotonicMs(1_001);
/** A notice held at `start` is due, one held `soon` is not. */
const due = monotonicMs(start + noticeMs);

/** With the first round known to members 2 and 3. */
function notices(): CommitNotices {
  const held = new CommitNotices();
  for (const to of [2, 3]) assert.equal(held.passes(append(to, { commit: 5, round: 1 }), start), true);
  return held;
}

describe('monitor/consensus: commit notices', () => {
  it('a notice waits until it is due, then leaves', () => {
    const held = notices();
    const notice = append(2, { commit: 7, round: 1 });
    assert.equal(held.msUntilDue(start), undefined);
    assert.equal(held.passes(notice, start), false);
    assert.equal(held.msUntilDue(soon), noticeMs - 1);
    assert.deepEqual(held.takeDue(soon), []);
    assert.equal(held.msUntilDue(monotonicMs(due + 10)), 0);
    assert.deepEqual(held.takeDue(due), [notice]);
    assert.equal(held.msUntilDue(due), undefined);
  });

  it('entries for the same member replace it', () => {
    const held = notices();
    assert.equal(held.passes(append(2, { commit: 7, round: 1 }), start), false);
    assert.equal(held.passes(append(2, { commit: 7, round: 1, entries: 1 }), soon), true);
    assert.equal(held.msUntilDue(soon), undefined);
    assert.deepEqual(held.takeDue(due), []);
  });

  it('entries for another member do not', () => {
    const held = notices();
    const notice = append(2, { commit: 7, round: 1 });
    assert.equal(held.passes(notice, start), false);
    assert.equal(held.passes(append(3, { commit: 7, round: 1, entries: 1 }), soon), true);
    assert.deepEqual(held.takeDue(due), [notice]);
  });

  it('a newer notice takes the place of an older one, and leaves when that was due', () => {
    const held = notices();
    assert.equal(held.passes(append(2, { commit: 6, round: 1 }), start), false);
    const newer = append(2, { commit: 7, round: 1 });
    assert.equal(held.passes(newer, soon), false);
    assert.deepEqual(held.takeDue(due), [newer]);
  });

  it('each member has its own time', () => {
    const held = notices();
    const [first, second] = [append(2, { commit: 7, round: 1 }), append(3, { commit: 7, round: 1 })];
    assert.equal(held.passes(first, start), false);
    assert.equal(held.passes(second, soon), false);
    assert.deepEqual(held.takeDue(due), [first]);
    assert.equal(held.msUntilDue(due), 1);
    assert.deepEqual(held.takeDue(monotonicMs(soon + noticeMs)), [second]);
  });

  it('a heartbeat of a new round never waits, and says what a held notice says', () => {
    const held = notices();
    assert.equal(held.passes(append(2, { commit: 7, round: 1 }), start), false);
    assert.equal(held.passes(append(2, { commit: 7, round: 2 }), soon), true);
    assert.equal(held.msUntilDue(soon), undefined);
  });

  it('other messages pass', () => {
    const held = notices();
    const message: RaftMessage = { kind: 'timeout-now', from: memberId(1), to: memberId(2), term: term(2) };
    assert.equal(held.passes(message, start), true);
  });
});
