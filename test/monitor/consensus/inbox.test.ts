import assert from 'node:assert/strict';
import { Inbox } from '../../../monitor/consensus/inbox.js';
import { inboundBytesMax, inboundMessagesMax } from '../../../monitor/consensus/options.js';
import { logIndex, memberId, term, type RaftMessage } from '../../../monitor/raft/types.js';

const envelope = { from: memberId(1), to: memberId(2), term: term(2) };

function question(id: number): RaftMessage {
  return { kind: 'read-request', ...envelope, id };
}

/** A chunk of half of what the inbox holds. */
function chunk(round: number): RaftMessage {
  const membership = { voters: [memberId(1)], learners: [] };
  const size = { bytes: inboundBytesMax, chunks: 2, checksum: '0123456789abcdef' };
  const meta = { index: logIndex(9), term: term(1), membership, ...size };
  return { kind: 'snapshot-chunk', ...envelope, meta, chunk: 0, round, data: new Uint8Array(inboundBytesMax / 2) };
}

describe('monitor/consensus: inbox', () => {
  it('hands messages out in the order in which they came', () => {
    const inbox = new Inbox();
    assert.equal(inbox.take(), undefined);
    const messages = Array.from({ length: 3 }, (_, id) => question(id));
    for (const message of messages) assert.equal(inbox.add(message), 0);
    assert.deepEqual([inbox.take(), inbox.take()], messages.slice(0, 2));
    assert.equal(inbox.isEmpty, false);
    assert.equal(inbox.add(question(3)), 0);
    assert.deepEqual([inbox.take(), inbox.take()], [messages[2], question(3)]);
    assert.equal(inbox.isEmpty, true);
  });

  it('drops the oldest when there are too many, whatever was taken before', () => {
    const inbox = new Inbox();
    for (let id = 0; id < inboundMessagesMax; id += 1) assert.equal(inbox.add(question(id)), 0);
    for (let id = 0; id < 10; id += 1) assert.deepEqual(inbox.take(), question(id));
    for (let id = 0; id < 10; id += 1) assert.equal(inbox.add(question(inboundMessagesMax + id)), 0);
    assert.equal(inbox.add(question(0)), 1);
    assert.deepEqual(inbox.take(), question(11));
  });

  it('drops the oldest when they are too large together, and never the newest', () => {
    const inbox = new Inbox();
    assert.equal(inbox.add(chunk(1)), 0);
    assert.equal(inbox.add(chunk(2)), 1);
    assert.equal(inbox.add(chunk(3)), 1);
    assert.deepEqual(inbox.take(), chunk(3));
    assert.equal(inbox.isEmpty, true);
  });

  it('has room again for what was taken', () => {
    const inbox = new Inbox();
    assert.equal(inbox.add(chunk(1)), 0);
    inbox.take();
    assert.equal(inbox.add(chunk(2)), 0);
    assert.equal(inbox.add(question(1)), 0);
    assert.deepEqual(inbox.take(), chunk(2));
  });
});
