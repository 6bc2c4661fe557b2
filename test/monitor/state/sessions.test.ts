import assert from 'node:assert/strict';
import fc from 'fast-check';
import { InvariantError } from '../../../base/invariant.js';
import {
  endableIdleMs,
  repliesPerSessionMax,
  sessionIdleMs,
  Sessions,
  sessionsKeptMax,
  sessionsMax,
  stepMsMax,
} from '../../../monitor/state/sessions.js';

const bytes = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8);

function record(sessions: Sessions, session: string, number: number, floor = number): void {
  sessions.record({ session, number, floor, result: bytes(number) });
}

function pass(sessions: Sessions, ms: number): void {
  for (let left = ms; left > 0; left -= stepMsMax) sessions.pass(Math.min(left, stepMsMax));
}

/** `s<from>` to `s<to>`. */
function named(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `s${from + i}`);
}

describe('answers kept for retries', () => {
  it('are given again as long as the client may ask for them', () => {
    const sessions = new Sessions();
    assert.deepEqual(sessions.lookup({ session: 'a', number: 1, floor: 1, begun: sessions.clockMs }), {
      kind: 'unknown',
    });
    record(sessions, 'a', 1, 1);
    record(sessions, 'a', 3, 1);
    assert.deepEqual(sessions.lookup({ session: 'a', number: 1, floor: 1 }), { kind: 'answered', result: bytes(1) });
    assert.deepEqual(sessions.lookup({ session: 'a', number: 2, floor: 1, begun: sessions.clockMs }), {
      kind: 'unknown',
    });
    assert.deepEqual(sessions.lookup({ session: 'b', number: 1, floor: 1, begun: sessions.clockMs }), {
      kind: 'unknown',
    });
  });

  it('are forgotten below the floor, and what is late there is never run', () => {
    const sessions = new Sessions();
    record(sessions, 'a', 1, 1);
    record(sessions, 'a', 5, 4);
    assert.deepEqual(sessions.lookup({ session: 'a', number: 1, floor: 1 }), { kind: 'forgotten' });
    assert.deepEqual(sessions.lookup({ session: 'a', number: 3, floor: 1 }), { kind: 'forgotten' });
    assert.deepEqual(sessions.lookup({ session: 'a', number: 4, floor: 4, begun: sessions.clockMs }), {
      kind: 'unknown',
    });
    record(sessions, 'a', 6, 2);
    assert.deepEqual(sessions.lookup({ session: 'a', number: 3, floor: 1 }), { kind: 'forgotten' }, 'floors only rise');
  });

  it('outlive a clock that jumps and an hour in which nothing was committed', () => {
    const sessions = new Sessions();
    record(sessions, 'a', 1);
    sessions.pass(3_600_000);
    sessions.pass(-3_600_000);
    pass(sessions, sessionIdleMs - stepMsMax);
    assert.equal(sessions.lookup({ session: 'a', number: 1, floor: 1 }).kind, 'answered');
  });

  it('go when their session was idle for long, while others stay', () => {
    const sessions = new Sessions();
    record(sessions, 'idle', 1);
    pass(sessions, sessionIdleMs - 60_000);
    record(sessions, 'busy', 1);
    pass(sessions, 180_000);
    assert.equal(sessions.count, 1);
    assert.equal(sessions.lookup({ session: 'busy', number: 1, floor: 1 }).kind, 'answered');
  });

  it('go a thousand at a time when many were idle, and all within as many transactions', () => {
    const sessions = new Sessions();
    for (let id = 0; id < 9_000; id++) record(sessions, `s${id}`, 1);
    while (sessions.count === 9_000) sessions.pass(stepMsMax);
    const left = [sessions.count];
    const { sweptAt } = sessions;
    while (sessions.count > 0) {
      sessions.pass(1);
      left.push(sessions.count);
    }
    assert.deepEqual(left, [8_000, 7_000, 6_000, 5_000, 4_000, 3_000, 2_000, 1_000, 0]);
    assert.equal(sessions.sweptAt, sweptAt, 'the last of them were as many as it takes');
    sessions.pass(1);
    assert.equal(sessions.sweptAt, sessions.clockMs);
  });

  it('are never missed: what is not known begins only if it cannot have been forgotten', () => {
    const sessions = new Sessions();
    pass(sessions, 100_000);
    const begun = sessions.clockMs;
    const ask = (at = begun) => sessions.lookup({ session: 'a', number: 1, floor: 1, begun: at }).kind;
    assert.deepEqual([ask(), ask(begun + 1)], ['unknown', 'stale']);
    record(sessions, 'a', 1);
    const seen = new Set<string>();
    for (let ms = 0; ms < 2 * sessionIdleMs; ms += stepMsMax) {
      seen.add(ask());
      pass(sessions, stepMsMax);
    }
    assert.deepEqual([...seen], ['answered', 'stale']);
    assert.equal(sessions.lookup({ session: 'a', number: 1, floor: 1 }).kind, 'stale');
    assert.equal(ask(sessions.clockMs), 'unknown');
  });

  it('are bounded in each session and in all, by refusing what is new', () => {
    const sessions = new Sessions();
    for (let number = 1; number <= repliesPerSessionMax; number++) record(sessions, 'a', number, 1);
    const next = repliesPerSessionMax + 1;
    assert.equal(sessions.lookup({ session: 'a', number: next, floor: 1, begun: sessions.clockMs }).kind, 'full');
    assert.equal(
      sessions.lookup({ session: 'a', number: next, floor: 2, begun: sessions.clockMs }).kind,
      'unknown',
      'an answer makes room',
    );
    assert.equal(sessions.lookup({ session: 'a', number: 1, floor: 1 }).kind, 'answered', 'what is kept is answered');
    for (let id = 1; id < sessionsMax; id++) record(sessions, `s${id}`, 1);
    assert.equal(sessions.lookup({ session: 'new', number: 1, floor: 1, begun: sessions.clockMs }).kind, 'full');
    assert.equal(sessions.lookup({ session: 's1', number: 2, floor: 1, begun: sessions.clockMs }).kind, 'unknown');
  });

  it('go when their session is over, and nothing of it runs any more, neither an old number nor a new one', () => {
    const sessions = new Sessions();
    record(sessions, 'a', 1);
    record(sessions, 'a', 2);
    sessions.end('a');
    sessions.end('a');
    for (const number of [1, 2, 3, Number.MAX_SAFE_INTEGER - 1]) {
      assert.deepEqual(sessions.lookup({ session: 'a', number, floor: 1 }), { kind: 'over' });
    }
    assert.deepEqual([sessions.liveCount, sessions.count], [0, 1]);
    assert.throws(() => record(sessions, 'a', 3), InvariantError);
  });

  it('of a session that nobody knows are not remembered as over', () => {
    const sessions = new Sessions();
    sessions.end('a');
    assert.deepEqual([sessions.liveCount, sessions.count], [0, 0]);
    assert.equal(sessions.lookup({ session: 'a', number: 1, floor: 1, begun: sessions.clockMs }).kind, 'unknown');
  });

  it('are refused for as long after the end as a live session keeps them', () => {
    const sessions = new Sessions();
    record(sessions, 'a', 1);
    pass(sessions, sessionIdleMs - 60_000);
    sessions.end('a');
    pass(sessions, sessionIdleMs - stepMsMax);
    assert.equal(sessions.lookup({ session: 'a', number: 1, floor: 1 }).kind, 'over');
    pass(sessions, 180_000);
    assert.deepEqual([sessions.liveCount, sessions.count], [0, 0]);
  });

  it('of twenty thousand clients, one after the other, fit when each says that it is done', () => {
    const sessions = new Sessions();
    for (let id = 0; id < 20_000; id++) {
      assert.equal(
        sessions.lookup({ session: `s${id}`, number: 1, floor: 1, begun: sessions.clockMs }).kind,
        'unknown',
      );
      record(sessions, `s${id}`, 1);
      sessions.end(`s${id}`);
    }
    assert.deepEqual([sessions.liveCount, sessions.count], [0, 20_000]);
    for (let id = 0; id < 20_000; id++) {
      assert.equal(sessions.lookup({ session: `s${id}`, number: 1, floor: 1 }).kind, 'over');
    }
  });

  it('are bounded with those that are over, too', () => {
    const sessions = new Sessions();
    for (let id = 0; id < sessionsKeptMax; id++) {
      record(sessions, `s${id}`, 1);
      if (id > 0) sessions.end(`s${id}`);
    }
    assert.deepEqual(sessions.lookup({ session: 'new', number: 1, floor: 1, begun: sessions.clockMs }), {
      kind: 'full',
    });
    assert.equal(sessions.lookup({ session: 's0', number: 2, floor: 1, begun: sessions.clockMs }).kind, 'unknown');
    pass(sessions, sessionIdleMs + 120_000);
    assert.equal(sessions.lookup({ session: 'new', number: 1, floor: 1, begun: sessions.clockMs }).kind, 'unknown');
  });

  it('make room by those of the longest idle, once room is scarce, and only of those idle for a minute', () => {
    const sessions = new Sessions();
    for (let id = 0; id < sessionsMax * 0.9 - 1; id++) {
      if (id % 1_000 === 0) pass(sessions, 1_000);
      record(sessions, `s${id}`, 1);
    }
    pass(sessions, endableIdleMs);
    assert.deepEqual(sessions.surplus(), [], 'room is not scarce');
    record(sessions, 's0', 2);
    record(sessions, 'last', 1);
    assert.deepEqual(new Set(sessions.surplus()), new Set([...named(1, 999), 's1000']), 's0 was used a moment ago');
    sessions.end('s1');
    assert.deepEqual(sessions.surplus(), [], 'one less, and room is not scarce any more');
  });

  it('make no room by a session that was idle for less than a minute', () => {
    const sessions = new Sessions();
    for (let id = 0; id < sessionsMax; id++) record(sessions, `s${id}`, 1);
    pass(sessions, endableIdleMs - 1);
    assert.deepEqual(sessions.surplus(), []);
    pass(sessions, 1);
    assert.equal(sessions.surplus().length, 1_000);
  });

  it('of a fork stay as they were', () => {
    const sessions = new Sessions();
    record(sessions, 'a', 1);
    const fork = sessions.fork();
    record(sessions, 'a', 2);
    sessions.pass(1_000);
    assert.equal(fork.lookup({ session: 'a', number: 1, floor: 1 }).kind, 'answered');
    assert.equal(fork.lookup({ session: 'a', number: 2, floor: 1, begun: fork.clockMs }).kind, 'unknown');
    assert.equal(fork.clockMs, 0);
    const other = sessions.fork();
    sessions.end('a');
    assert.deepEqual([sessions.liveCount, other.liveCount], [0, 1]);
    assert.equal(sessions.fork().liveCount, 0);
  });

  /** The model remembers everything; the sessions may forget only below a floor, or after a long silence. */
  it('agree with a model that remembers everything', () => {
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant('record' as const),
          session: fc.constantFrom('a', 'b', 'c'),
          ahead: fc.integer({ min: 0, max: 3 }),
          behind: fc.integer({ min: 0, max: 4 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('end' as const), session: fc.constantFrom('a', 'b', 'c') }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: -1e6, max: 1e6 }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const sessions = new Sessions();
        const model = new Map<
          string,
          { floor: number; last: number; idleMs: number; isOver: boolean; done: Set<number> }
        >();
        for (const one of steps) {
          if (one.kind === 'pass') {
            sessions.pass(one.ms);
            for (const known of model.values()) known.idleMs += Math.min(Math.max(one.ms, 0), stepMsMax);
            continue;
          }
          const known = model.get(one.session) ?? { floor: 0, last: 0, idleMs: 0, isOver: false, done: new Set() };
          if (known.idleMs > sessionIdleMs) continue;
          if (one.kind === 'end') {
            sessions.end(one.session);
            if (known.last > 0 && !known.isOver) model.set(one.session, { ...known, isOver: true, idleMs: 0 });
            continue;
          }
          const number = known.last + 1 + one.ahead;
          const floor = Math.max(1, number - one.behind);
          if (sessions.lookup({ session: one.session, number, floor, begun: sessions.clockMs }).kind !== 'unknown')
            continue;
          record(sessions, one.session, number, floor);
          known.done.add(number);
          model.set(one.session, { ...known, last: number, floor: Math.max(known.floor, floor), idleMs: 0 });
        }
        for (const [session, { floor, last, idleMs, isOver, done }] of model) {
          if (idleMs > sessionIdleMs) continue;
          for (let number = 1; number <= last + 1; number++) {
            const alive = number < floor ? 'forgotten' : done.has(number) ? 'answered' : 'unknown';
            const expected = isOver ? 'over' : alive;
            const found = sessions.lookup({ session, number, floor: Math.min(number, Math.max(floor, 1)) });
            assert.equal(found.kind, expected, `${session} ${number} with floor ${floor}`);
            if (found.kind === 'answered') assert.deepEqual(found.result, bytes(number));
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
