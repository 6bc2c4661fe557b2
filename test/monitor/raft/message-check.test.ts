import assert from 'node:assert/strict';
import { Raft } from '../../../monitor/raft/raft.js';
import { isPlausible } from '../../../monitor/raft/message-check.js';
import { logIndex, memberId, term, type LogEntry, type RaftMessage } from '../../../monitor/raft/types.js';
import { ModelDisk, snapshotMeta } from './model-disk.js';

const [one, two, three] = [memberId(1), memberId(2), memberId(3)] as const;
const envelope = { from: two, to: one, term: term(3) };
const at = (index: number, inTerm: number): { index: typeof lastIndex; term: typeof envelope.term } => ({
  index: logIndex(index),
  term: term(inTerm),
});
const lastIndex = logIndex(5);
const append = { kind: 'append', ...envelope, commit: logIndex(0), round: 1 } as const;
const noop = (index: number, inTerm: number): LogEntry => ({ kind: 'noop', ...at(index, inTerm) });
const membershipEntry = (voters: readonly number[], learners: readonly number[]): LogEntry => ({
  kind: 'membership',
  ...at(6, 3),
  membership: { voters: voters.map(memberId), learners: learners.map(memberId) },
  data: new Uint8Array(),
});
const meta = snapshotMeta({ index: 4, term: 3, membership: { voters: [one], learners: [] }, chunks: 2 });
const chunk = { kind: 'snapshot-chunk', ...envelope, meta, chunk: 0, data: new Uint8Array(2), round: 1 } as const;
const vote = { kind: 'vote-request', ...envelope, isPreVote: false, isTransfer: false } as const;

const cases: readonly { readonly name: string; readonly message: RaftMessage; readonly isPlausible: boolean }[] = [
  {
    name: 'entries that follow',
    message: { ...append, previous: at(5, 2), entries: [noop(6, 2), noop(7, 3)] },
    isPlausible: true,
  },
  {
    name: 'a gap before the entries',
    message: { ...append, previous: at(5, 2), entries: [noop(7, 3)] },
    isPlausible: false,
  },
  {
    name: 'a gap within the entries',
    message: { ...append, previous: at(5, 2), entries: [noop(6, 3), noop(8, 3)] },
    isPlausible: false,
  },
  { name: 'a term that falls', message: { ...append, previous: at(5, 2), entries: [noop(6, 1)] }, isPlausible: false },
  {
    name: 'a term beyond the leader’s',
    message: { ...append, previous: at(5, 2), entries: [noop(6, 4)] },
    isPlausible: false,
  },
  {
    name: 'a position before the log with a term',
    message: { ...append, previous: at(0, 1), entries: [] },
    isPlausible: false,
  },
  {
    name: 'a membership',
    message: { ...append, previous: at(5, 2), entries: [membershipEntry([1, 2], [3])] },
    isPlausible: true,
  },
  {
    name: 'a membership without voters',
    message: { ...append, previous: at(5, 2), entries: [membershipEntry([], [3])] },
    isPlausible: false,
  },
  {
    name: 'a membership out of order',
    message: { ...append, previous: at(5, 2), entries: [membershipEntry([2, 1], [])] },
    isPlausible: false,
  },
  {
    name: 'a voter that is a learner',
    message: { ...append, previous: at(5, 2), entries: [membershipEntry([1, 2], [2])] },
    isPlausible: false,
  },
  { name: 'a chunk', message: chunk, isPlausible: true },
  { name: 'a chunk beyond the last', message: { ...chunk, chunk: 2 }, isPlausible: false },
  { name: 'a chunk larger than the whole', message: { ...chunk, data: new Uint8Array(5) }, isPlausible: false },
  { name: 'a snapshot of a later term', message: { ...chunk, term: term(2) }, isPlausible: false },
  { name: 'a candidate of a later term than its log', message: { ...vote, last: at(5, 2) }, isPlausible: true },
  { name: 'a candidate whose log has entries of the term', message: { ...vote, last: at(5, 3) }, isPlausible: false },
];

describe('a message', () => {
  for (const c of cases) {
    it(`with ${c.name} is ${c.isPlausible ? 'taken' : 'ignored'}`, () =>
      assert.equal(isPlausible(c.message), c.isPlausible));
  }

  it('for somebody else, from oneself, or implausible changes nothing', () => {
    const raft = new Raft({ self: one }, new ModelDisk({ voters: [one, two, three], learners: [] }).initial);
    const before = raft.status;
    const heartbeat = { ...append, previous: at(0, 0), entries: [] };
    for (const message of [
      { ...heartbeat, to: three },
      { ...heartbeat, from: one },
      { ...heartbeat, previous: at(0, 1) },
    ]) {
      const output = raft.step({ kind: 'message', message });
      assert.deepEqual([...output.messages, ...output.afterPersist, output.persist], [undefined]);
    }
    assert.deepEqual(raft.status, before);
    raft.step({ kind: 'message', message: heartbeat });
    assert.equal(raft.status.leader, two);
  });
});
