import assert from 'node:assert/strict';
import { monotonicMs, type MonotonicMs } from '../../../../base/instants.js';
import { latin1Text } from '../../../../base/bytes.js';
import {
  answerBytesMax,
  answersPerSessionMax,
  endableIdleMs,
  type Look,
  sessionIdleMs,
  sessionsMax,
  SessionTable,
} from '../../../../osd/pg/sessions/session-table.js';
import { encodeStoredAnswer, storedAnswerKey } from '../../../../osd/pg/sessions/stored-answer.js';

const at: (ms: number) => MonotonicMs = monotonicMs;

function id(number: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(4, number);
  return bytes;
}

function reply(text: number): Uint8Array {
  return new Uint8Array([text & 0xff]);
}

function keyOf(session: number, request: number): string {
  return storedAnswerKey(latin1Text(id(session)), request);
}

function kindOf(look: Look): Look['kind'] {
  return look.kind;
}

/** Session 1 has answers to requests 1, 2, … of entries 1, 2, … */
function answered(count: number, now = at(0)): SessionTable {
  const table = new SessionTable();
  for (let i = 1; i <= count; i++) table.add({ session: id(1), request: i, seq: i, reply: reply(i) }, now);
  return table;
}

describe('the sessions of a PG', () => {
  it('know a request that was answered, with its answer and its entry', () => {
    const table = answered(1);
    const known = table.look(id(1), 1, 1, at(0));
    assert.ok(known.kind === 'known' && known.seq === 1 && known.reply[0] === 1);
    assert.deepEqual(table.look(id(1), 2, 1, at(0)), { kind: 'new' });
    assert.deepEqual(table.look(id(2), 1, 1, at(0)), { kind: 'new' });
  });

  it('never run what lies below the floor, whatever is forgotten', () => {
    const table = answered(3);
    assert.equal(kindOf(table.look(id(1), 4, 3, at(0))), 'new');
    assert.equal(table.answerCount, 1);
    for (const request of [1, 2]) assert.deepEqual(table.look(id(1), request, 1, at(0)), { kind: 'over' });
    assert.equal(kindOf(table.look(id(1), 3, 1, at(0))), 'known');
  });

  it('remember the floor of a session whose request changed nothing', () => {
    const table = new SessionTable();
    assert.equal(kindOf(table.look(id(1), 7, 5, at(0))), 'new');
    assert.equal(kindOf(table.look(id(1), 3, 1, at(0))), 'over');
    assert.equal(kindOf(table.look(id(2), 3, 4, at(0))), 'over');
  });

  it('refuse the 1,025th answer above the floor, and take it once the floor has passed one', () => {
    const table = answered(answersPerSessionMax);
    assert.equal(kindOf(table.look(id(1), answersPerSessionMax + 1, 1, at(0))), 'full');
    assert.equal(kindOf(table.look(id(1), 5, 1, at(0))), 'known');
    assert.equal(kindOf(table.look(id(1), answersPerSessionMax + 1, 2, at(0))), 'new');
  });

  it('forget what was answered by entries that were cut off', () => {
    const table = answered(3);
    table.cut(1);
    assert.equal(kindOf(table.look(id(1), 1, 1, at(0))), 'known');
    assert.equal(kindOf(table.look(id(1), 2, 1, at(0))), 'new');
    table.add({ session: id(1), request: 3, seq: 2, reply: reply(9) }, at(0));
    const known = table.look(id(1), 3, 1, at(0));
    assert.ok(known.kind === 'known' && known.seq === 2);
  });

  it('drop a session that was idle for ten minutes, but not with an entry that is not committed', () => {
    const table = answered(2);
    assert.equal(table.idle(at(sessionIdleMs - 1), 2), 0);
    assert.equal(table.idle(at(sessionIdleMs), 1), 0);
    assert.equal(table.idle(at(sessionIdleMs), 2), 1);
    assert.equal(table.answerCount, 0);
    assert.equal(table.bytes, 0);
  });

  it('count asking again as use', () => {
    const table = answered(1);
    table.look(id(1), 1, 1, at(1_000));
    assert.equal(table.idle(at(sessionIdleMs), 2), 0);
  });

  it('refuse a new session when there are too many, until one has no answers and was idle for a minute', () => {
    const table = new SessionTable();
    for (let i = 0; i < sessionsMax; i++) table.add({ session: id(i), request: 1, seq: i + 1, reply: reply(1) }, at(i));
    const later = at(sessionsMax + endableIdleMs);
    assert.equal(kindOf(table.look(id(sessionsMax), 1, 1, later)), 'crowded');
    assert.equal(kindOf(table.look(id(3), 2, 2, later)), 'new', 'one that is known goes on');
    assert.equal(kindOf(table.look(id(sessionsMax), 1, 1, later)), 'crowded', 'and is not idle');
    const muchLater = at(later + endableIdleMs);
    assert.equal(kindOf(table.look(id(sessionsMax), 1, 1, muchLater)), 'new', 'in place of the one without answers');
    assert.equal(table.sessionCount, sessionsMax);
    assert.equal(kindOf(table.look(id(3), 2, 2, muchLater)), 'crowded');
  });

  it('refuse new requests when all answers together are too large, but add what is in the log', () => {
    const table = new SessionTable();
    const large = new Uint8Array(64 * 1024);
    let seq = 0;
    while (table.bytes < answerBytesMax) {
      seq += 1;
      table.add({ session: id(1), request: seq, seq, reply: large }, at(0));
    }
    assert.equal(kindOf(table.look(id(1), seq + 1, 1, at(0))), 'crowded');
    assert.equal(kindOf(table.look(id(2), 1, 1, at(0))), 'crowded');
    assert.equal(kindOf(table.look(id(1), 1, 1, at(0))), 'known');
    table.add({ session: id(2), request: 1, seq: seq + 1, reply: large }, at(0));
    assert.equal(kindOf(table.look(id(1), seq + 1, seq, at(0))), 'new');
  });

  it('keep through a trim what is needed, as values of the PG, and drop those when they are needed no more', () => {
    const table = answered(4);
    table.look(id(1), 5, 2, at(0));
    const kept = table.mustKeep(3, at(10));
    assert.deepEqual(
      kept.map(({ request, seq }) => [request, seq]),
      [
        [2, 2],
        [3, 3],
      ],
    );
    for (const one of kept) table.onStored(storedAnswerKey(one.session, one.request), encodeStoredAnswer(one), at(10));
    table.onTrimmed(3);
    assert.deepEqual(table.mustKeep(3, at(10)), []);
    assert.equal(kindOf(table.look(id(1), 3, 2, at(10))), 'known');
    assert.deepEqual(table.obsolete(10), []);
    table.look(id(1), 5, 4, at(10));
    assert.deepEqual(table.obsolete(1), [keyOf(1, 2)]);
    assert.deepEqual(table.obsolete(10), [keyOf(1, 2), keyOf(1, 3)]);
    table.onRemoved(keyOf(1, 2));
    assert.deepEqual(table.obsolete(10), [keyOf(1, 3)]);
    assert.equal(table.answerCount, 1);
  });

  it('keep nothing of idle sessions through a trim', () => {
    const table = answered(1);
    assert.equal(table.mustKeep(1, at(sessionIdleMs - 1)).length, 1);
    assert.deepEqual(table.mustKeep(1, at(sessionIdleMs)), []);
  });

  it('are the same read from the store again, log and values in either order', () => {
    const value = encodeStoredAnswer({ seq: 1, reply: reply(1) });
    for (const isLogFirst of [true, false]) {
      const table = isLogFirst ? answered(2) : new SessionTable();
      table.onStored(keyOf(1, 1), value, at(0));
      for (let i = 1; i <= 2; i++) table.add({ session: id(1), request: i, seq: i, reply: reply(i) }, at(0));
      assert.deepEqual([table.answerCount, table.sessionCount], [2, 1]);
      table.onTrimmed(2);
      assert.equal(kindOf(table.look(id(1), 1, 1, at(0))), 'known');
      assert.equal(kindOf(table.look(id(1), 2, 1, at(0))), 'new');
    }
  });

  it('let the later answer count when a request that was forgotten ran again', () => {
    const table = new SessionTable();
    table.onStored(keyOf(1, 1), encodeStoredAnswer({ seq: 1, reply: reply(1) }), at(0));
    table.add({ session: id(1), request: 1, seq: 9, reply: reply(9) }, at(0));
    const known = table.look(id(1), 1, 1, at(0));
    assert.ok(known.kind === 'known' && known.seq === 9);
    assert.deepEqual(table.obsolete(9), [], 'the key may be written anew');
    table.onTrimmed(9);
    assert.deepEqual(table.obsolete(9), [keyOf(1, 1)]);
  });

  it('change nothing for a stored answer that is none', () => {
    const table = new SessionTable();
    assert.throws(() => table.onStored('session/', reply(1), at(0)), { code: 'PARSE_ERROR' });
    assert.throws(() => table.onRemoved('x'), { code: 'PARSE_ERROR' });
    assert.equal(table.sessionCount, 0);
  });
});
