/** Numbers and floors: what keeps a late copy from being made twice, and a session from being full. */
import assert from 'node:assert/strict';
import { poolId } from '../../cluster/ids.js';
import { PgSessions, type RequestTicket, spanMax } from '../../client/pg-sessions.js';
import { Prng } from '../../runtime/sim/prng.js';

const pg = (number: number) => ({ pool: poolId(1), pg: number });

function made(idleMax?: number): PgSessions {
  let drawn = 0;
  return new PgSessions(() => Uint8Array.of((drawn += 1)), idleMax);
}

describe('sessions of PGs', () => {
  it('number from 1, and say which number is still waited for', () => {
    const sessions = made();
    const [a, b, c] = [sessions.begin(pg(0)), sessions.begin(pg(0)), sessions.begin(pg(0))];
    assert.deepEqual([a.number, b.number, c.number], [1, 2, 3]);
    assert.equal(c.floor, 1);
    b.end();
    assert.equal(c.floor, 1, 'the first is still waited for');
    a.end();
    assert.equal(c.floor, 3);
    c.end();
    assert.deepEqual(sessions.peek(pg(0)), { session: a.session, floor: 4 });
    assert.deepEqual(sessions.begin(pg(0)).session, a.session);
  });

  it('are apart: what waits in one PG holds no other down', () => {
    const sessions = made();
    const stuck = sessions.begin(pg(0));
    for (let index = 0; index < 3 * spanMax; index++) sessions.begin(pg(1)).end();
    const other = sessions.begin(pg(1));
    assert.equal(other.floor, 3 * spanMax + 1);
    assert.notDeepEqual(other.session, stuck.session);
  });

  it('begin another where one request is late, before an OSD would refuse', () => {
    const sessions = made();
    const stuck = sessions.begin(pg(0));
    for (let index = 1; index < spanMax; index++) sessions.begin(pg(0)).end();
    const next = sessions.begin(pg(0));
    assert.notDeepEqual(next.session, stuck.session);
    assert.equal(next.number, 1);
    assert.equal(stuck.floor, 1);
    stuck.end();
    next.end();
    assert.deepEqual(sessions.begin(pg(0)).session, next.session);
  });

  it('are forgotten when too many are idle, the one unused for longest first', () => {
    const sessions = made(2);
    for (const number of [0, 1, 0, 2]) sessions.begin(pg(number)).end();
    assert.equal(sessions.peek(pg(1)), undefined);
    assert.notEqual(sessions.peek(pg(0)), undefined);
  });

  it('never let a floor pass what waits, nor fall, whatever ends when', () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = new Prng(`floors ${seed}`);
      const sessions = made();
      const waiting: RequestTicket[] = [];
      const floors = new Map<Uint8Array, number>();
      for (let step = 0; step < 3_000; step++) {
        if (random.below(5) < 3) waiting.push(sessions.begin(pg(random.below(2))));
        else waiting.splice(random.below(Math.min(waiting.length, 40) + 1), 1)[0]?.end();
        const one = waiting[random.below(waiting.length + 1)];
        if (one === undefined) continue;
        assert.ok(one.floor <= one.number);
        assert.ok(one.floor >= (floors.get(one.session) ?? 1));
        floors.set(one.session, one.floor);
        const same = waiting.filter(({ session }) => session === one.session).map(({ number }) => number);
        assert.equal(one.floor, Math.min(...same));
        assert.ok(Math.max(...same) - one.floor < spanMax);
      }
    }
  });
});
