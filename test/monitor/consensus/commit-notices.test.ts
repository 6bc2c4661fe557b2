import assert from 'node:assert/strict';
import { CommitNotices } from '../../../monitor/consensus/commit-notices.js';
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

/** With the first round known to members 2 and 3. */
function notices(): CommitNotices {
  const held = new CommitNotices();
  for (const to of [2, 3]) assert.equal(held.passes(append(to, { commit: 5, round: 1 })), true);
  return held;
}

describe('monitor/consensus: commit notices', () => {
  it('a notice waits for one turn, then leaves', () => {
    const held = notices();
    const notice = append(2, { commit: 7, round: 1 });
    assert.equal(held.passes(notice), false);
    assert.deepEqual([...held.takeDue()], []);
    assert.equal(held.isEmpty, false);
    assert.deepEqual([...held.takeDue()], [notice]);
    assert.equal(held.isEmpty, true);
  });

  it('entries for the same member replace it, in the turn it came and in the next', () => {
    for (const turns of [0, 1]) {
      const held = notices();
      assert.equal(held.passes(append(2, { commit: 7, round: 1 })), false);
      for (let turn = 0; turn < turns; turn += 1) held.takeDue();
      assert.equal(held.passes(append(2, { commit: 7, round: 1, entries: 1 })), true);
      assert.equal(held.isEmpty, true);
    }
  });

  it('entries for another member do not', () => {
    const held = notices();
    const notice = append(2, { commit: 7, round: 1 });
    assert.equal(held.passes(notice), false);
    assert.equal(held.passes(append(3, { commit: 7, round: 1, entries: 1 })), true);
    held.takeDue();
    assert.deepEqual([...held.takeDue()], [notice]);
  });

  it('a newer notice takes the place of an older one', () => {
    const held = notices();
    assert.equal(held.passes(append(2, { commit: 6, round: 1 })), false);
    held.takeDue();
    const newer = append(2, { commit: 7, round: 1 });
    assert.equal(held.passes(newer), false);
    assert.deepEqual([...held.takeDue()], []);
    assert.deepEqual([...held.takeDue()], [newer]);
  });

  it('a heartbeat of a new round never waits, and says what a held notice says', () => {
    const held = notices();
    assert.equal(held.passes(append(2, { commit: 7, round: 1 })), false);
    assert.equal(held.passes(append(2, { commit: 7, round: 2 })), true);
    assert.equal(held.isEmpty, true);
  });

  it('other messages pass', () => {
    const held = notices();
    const message: RaftMessage = { kind: 'timeout-now', from: memberId(1), to: memberId(2), term: term(2) };
    assert.equal(held.passes(message), true);
  });
});
