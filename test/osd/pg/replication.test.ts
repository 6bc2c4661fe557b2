import assert from 'node:assert/strict';
import { osdId, storeNumber } from '../../../cluster/ids.js';
import type { Member, ReplicationMode } from '../../../cluster/pg-record.js';
import { CommitGate } from '../../../osd/pg/commit-gate.js';
import { ObjectQueue } from '../../../osd/pg/object-queue.js';
import { Replication, windowBytesMax, windowEntriesMax } from '../../../osd/pg/replication.js';
import { CairnError, isCairnError } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';

const member = (osd: number): Member => ({ osd: osdId(osd), store: storeNumber(osd + 1) });
const [a, b, c] = [member(0), member(1), member(2)];
const sync: ReplicationMode = { kind: 'sync' };

function replicationOf(mode: ReplicationMode = sync, windowBytes = windowBytesMax): Replication {
  return new Replication({ head: { term: 1, seq: 10 }, self: a, acting: [a, b, c], mode, windowBytes });
}

function add(replication: Replication, seq: number, costBytes = 100, now = 0): void {
  const position = { term: 2, seq };
  const none = new Uint8Array(0);
  const entry = {
    position,
    prev: replication.last,
    record: none,
    payload: [],
    lent: undefined,
    costBytes,
    objectKey: '',
    changesPg: false,
  };
  replication.add(entry, monotonicMs(now));
}

const seqs = (entries: readonly { readonly position: { readonly seq: number } }[]): number[] =>
  entries.map(({ position }) => position.seq);

describe('osd/pg: what is committed', () => {
  it('is what every member has, in order, in a sync pool', () => {
    const replication = replicationOf();
    for (const seq of [11, 12, 13]) add(replication, seq);
    assert.deepEqual(seqs(replication.onDurable(a, 13)), []);
    assert.deepEqual(seqs(replication.onDurable(b, 12)), []);
    assert.deepEqual(seqs(replication.onDurable(c, 11)), [11]);
    assert.deepEqual(seqs(replication.onDurable(c, 13)), [12]);
    assert.deepEqual(seqs(replication.onDurable(b, 13)), [13]);
    assert.equal(replication.windowEntries, 0);
  });

  it('is what so many have in an async pool, the primary among them; the others get it again', () => {
    const replication = replicationOf({ kind: 'async', ackCopies: 2 });
    for (const seq of [11, 12]) add(replication, seq);
    assert.deepEqual(seqs(replication.onDurable(b, 12)), []);
    assert.deepEqual(seqs(replication.onDurable(c, 12)), [], 'two have it, but the primary does not');
    assert.deepEqual(seqs(replication.onDurable(a, 11)), [11]);
    const other = replicationOf({ kind: 'async', ackCopies: 2 });
    for (const seq of [11, 12]) add(other, seq);
    other.onDurable(a, 12);
    assert.deepEqual(seqs(other.onDurable(b, 12)), [11, 12]);
    assert.deepEqual(seqs(other.behind(10)), [11, 12]);
    other.onDurable(c, 12);
    assert.deepEqual(seqs(other.behind(10)), []);
  });

  it('is what every member has once it drains, and it is drained when they have what was committed before', () => {
    const replication = replicationOf({ kind: 'async', ackCopies: 1 });
    for (const seq of [11, 12, 13]) add(replication, seq);
    assert.deepEqual(seqs(replication.onDurable(a, 12)), [11, 12]);
    assert.ok(!replication.isDrained, 'nobody asked');
    replication.drain();
    assert.ok(!replication.isDrained, 'two lack what was committed');
    assert.deepEqual(seqs(replication.onDurable(a, 13)), [], 'alone it commits nothing any more');
    replication.onDurable(b, 13);
    assert.equal(replication.committed, 12, 'what was committed stays so');
    replication.onDurable(c, 11);
    assert.ok(!replication.isDrained);
    assert.deepEqual(seqs(replication.onDurable(c, 12)), []);
    assert.ok(replication.isDrained);
    add(replication, 14);
    replication.onDurable(a, 14);
    assert.equal(replication.committed, 12);
    assert.ok(replication.isDrained, 'it stays so, as nothing is committed that one lacks');
    assert.deepEqual(seqs(replication.onDurable(c, 14)), [13]);
    assert.deepEqual(seqs(replication.onDurable(b, 14)), [14]);
    assert.ok(replication.isDrained);
  });

  it('lags by the oldest entry that somebody lacks, acknowledged or not', () => {
    const replication = replicationOf({ kind: 'async', ackCopies: 1 });
    assert.deepEqual(replication.lag(monotonicMs(5_000)), { ms: 0, bytes: 0 });
    add(replication, 11, 100, 1_000);
    add(replication, 12, 200, 3_000);
    replication.onDurable(a, 12);
    replication.onDurable(b, 12);
    assert.deepEqual(replication.lag(monotonicMs(5_000)), { ms: 4_000, bytes: 300 });
    replication.onDurable(c, 11);
    assert.deepEqual(replication.lag(monotonicMs(5_000)), { ms: 2_000, bytes: 200 });
    replication.onDurable(c, 12);
    assert.deepEqual(replication.lag(monotonicMs(5_000)), { ms: 0, bytes: 0 });
  });

  it('takes a joiner too from when it is proposed', () => {
    const replication = replicationOf();
    const joiner = member(7);
    replication.requireJoiner(joiner, 10);
    add(replication, 11);
    for (const one of [a, b, c]) assert.deepEqual(seqs(replication.onDurable(one, 11)), []);
    assert.deepEqual(seqs(replication.onDurable(joiner, 11)), [11]);
  });

  it('believes nobody who has what was never sent, nor a member that goes back', () => {
    const replication = replicationOf();
    add(replication, 11);
    assert.deepEqual(seqs(replication.onDurable(b, 99)), []);
    assert.equal(replication.durableOf(b), 10);
    replication.onDurable(b, 11);
    replication.onDurable(b, 4);
    assert.equal(replication.durableOf(b), 11);
  });

  it('is bounded by entries and by what they cost; one that costs more is alone', () => {
    const entries = replicationOf();
    for (let seq = 11; seq < 11 + windowEntriesMax; seq++) {
      assert.ok(entries.hasRoom);
      add(entries, seq, 1);
    }
    assert.ok(!entries.hasRoom);
    const bytes = replicationOf(sync, 1_000);
    add(bytes, 11, 5_000);
    assert.ok(!bytes.hasRoom);
    for (const one of [a, b, c]) bytes.onDurable(one, 11);
    assert.ok(bytes.hasRoom);
    bytes.limitWindow(10);
    add(bytes, 12, 10);
    assert.ok(!bytes.hasRoom);
  });
});

describe('osd/pg: replies that wait', () => {
  it('for what they saw, and fail with the term', async () => {
    const gate = new CommitGate(10);
    await gate.passed(10);
    const told: number[] = [];
    const first = gate.passed(11).then(() => told.push(11));
    const second = gate.passed(12);
    gate.advance(11, [11]);
    await first;
    assert.deepEqual(told, [11]);
    gate.end(new CairnError('CONFLICT', 'another term', { applied: 'maybe' }));
    await assert.rejects(second, (error) => isCairnError(error, 'CONFLICT') && error.applied === 'maybe');
    await assert.rejects(gate.passed(1));
  });
});

describe('osd/pg: turns of an object', () => {
  it('come in the order of asking, and other objects do not wait', async () => {
    const queue = new ObjectQueue();
    assert.ok(queue.tryEnter('x'));
    assert.ok(!queue.tryEnter('x'));
    assert.ok(queue.tryEnter('y'));
    const order: string[] = [];
    const waiting = ['a', 'b'].map(async (name) => {
      await queue.enter('x');
      order.push(name);
      queue.leave('x');
    });
    queue.leave('x');
    await Promise.all(waiting);
    assert.deepEqual(order, ['a', 'b']);
    queue.leave('y');
    assert.equal(queue.size, 0);
  });

  it('are shared by those that only read, and a write in between is not passed', async () => {
    const queue = new ObjectQueue();
    const order: string[] = [];
    const enter = async (name: string, isShared: boolean): Promise<void> => {
      await (isShared ? queue.share('x') : queue.enter('x'));
      order.push(name);
    };
    assert.ok(queue.tryShare('x'));
    assert.ok(queue.tryShare('x'), 'two read together');
    assert.ok(!queue.tryEnter('x'));
    const waiting = [enter('write', false), enter('read 1', true), enter('read 2', true), enter('write 2', false)];
    assert.ok(!queue.tryShare('x'), 'a write waits');
    queue.leave('x');
    await Promise.resolve();
    assert.deepEqual(order, []);
    queue.leave('x');
    await waiting[0];
    assert.deepEqual(order, ['write']);
    queue.leave('x');
    await Promise.all([waiting[1], waiting[2]]);
    assert.deepEqual(order, ['write', 'read 1', 'read 2']);
    queue.leave('x');
    queue.leave('x');
    await waiting[3];
    assert.ok(!queue.tryShare('x'));
    queue.leave('x');
    assert.equal(queue.size, 0);
  });
});
