import assert from 'node:assert/strict';
import { Progress } from '../../../monitor/raft/progress.js';
import { logIndex, memberId } from '../../../monitor/raft/types.js';

describe('who is active, as the leader sees it', () => {
  it('is nobody less right after a check of the quorum than right before it', () => {
    const progress = new Progress(memberId(2), logIndex(1));
    assert.equal(progress.status.isActive, true, 'in the beginning nobody is taken for silent');
    progress.heard(1);
    progress.forgetActivity();
    assert.equal(progress.status.isActive, true);
    assert.equal(progress.isActive, false, 'the check itself counts from its own beginning');
    progress.forgetActivity();
    assert.equal(progress.status.isActive, false);
    progress.heard(2);
    assert.equal(progress.status.isActive, true);
  });
});
