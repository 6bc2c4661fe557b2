import assert from 'node:assert/strict';
import { Durability } from '../../../monitor/raft/durability.js';
import { logIndex } from '../../../monitor/raft/types.js';

describe('what is durable', () => {
  it('is what was on the disk, then what was reported', () => {
    const durability = new Durability(logIndex(4));
    durability.entriesWritten(1, 5, 7);
    durability.entriesWritten(2, 8, 8);
    assert.equal(durability.index, 4);
    durability.persisted(1);
    assert.equal(durability.index, 7);
    durability.persisted(2);
    assert.equal(durability.index, 8);
  });

  it('is less at once when entries are replaced', () => {
    const durability = new Durability(logIndex(4));
    durability.entriesWritten(1, 3, 3);
    assert.equal(durability.index, 2);
    durability.persisted(1);
    assert.equal(durability.index, 3);
  });

  it('does not count a write for entries that replaced its own', () => {
    const durability = new Durability(logIndex(4));
    durability.entriesWritten(1, 5, 7);
    durability.entriesWritten(2, 6, 9);
    durability.persisted(1);
    assert.equal(durability.index, 5);
    durability.persisted(2);
    assert.equal(durability.index, 9);
  });

  it('does not count a late report twice, nor an earlier one afterwards', () => {
    const durability = new Durability(logIndex(0));
    durability.entriesWritten(1, 1, 3);
    durability.persisted(1);
    durability.entriesWritten(2, 2, 2);
    durability.persisted(1);
    assert.equal(durability.index, 1);
  });

  it('ends where a snapshot of another history begins, until that is written', () => {
    const durability = new Durability(logIndex(9));
    durability.snapshotWritten(1, logIndex(20), { keepsLogTo: logIndex(4) });
    assert.equal(durability.index, 4);
    durability.persisted(1);
    assert.equal(durability.index, 20);
  });

  it('stays what it was under a snapshot of its own history', () => {
    const durability = new Durability(logIndex(30));
    durability.snapshotWritten(1, logIndex(20), { keepsLogTo: undefined });
    assert.equal(durability.index, 30);
    durability.persisted(1);
    assert.equal(durability.index, 30);
  });

  it('includes the term once its output is reported', () => {
    const durability = new Durability(logIndex(0));
    assert.equal(durability.isHardStateDurable, true);
    durability.hardStateWritten(3);
    durability.persisted(2);
    assert.equal(durability.isHardStateDurable, false);
    durability.persisted(3);
    assert.equal(durability.isHardStateDurable, true);
  });
});
