import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  repliesPerSessionMax,
  sessionIdleMs,
  Sessions,
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

describe('answers kept for retries', () => {
  it('are given again as long as the client may ask for them', () => {
    const sessions = new Sessions();
    assert.deepEqual(sessions.lookup({ session: 'a', number: 1, floor: 1 }), { kind: 'unknown' });
    record(sessions, 'a', 1, 1);
    record(sessions, 'a', 3, 1);
    assert.deepEqual(sessions.lookup({ session: 'a', number: 1, floor: 1 }), { kind: 'answered', result: bytes(1) });
    assert.deepEqual(sessions.lookup({ session: 'a', number: 2, floor: 1 }), { kind: 'unknown' });
    assert.deepEqual(sessions.lookup({ session: 'b', number: 1, floor: 1 }), { kind: 'unknown' });
  });

  it('are forgotten below the floor, and what is late there is never run', () => {
    const sessions = new Sessions();
    record(sessions, 'a', 1, 1);
    record(sessions, 'a', 5, 4);
    assert.deepEqual(sessions.lookup({ session: 'a', number: 1, floor: 1 }), { kind: 'forgotten' });
    assert.deepEqual(sessions.lookup({ session: 'a', number: 3, floor: 1 }), { kind: 'forgotten' });
    assert.deepEqual(sessions.lookup({ session: 'a', number: 4, floor: 4 }), { kind: 'unknown' });
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

  it('are bounded in each session and in all, by refusing what is new', () => {
    const sessions = new Sessions();
    for (let number = 1; number <= repliesPerSessionMax; number++) record(sessions, 'a', number, 1);
    const next = repliesPerSessionMax + 1;
    assert.equal(sessions.lookup({ session: 'a', number: next, floor: 1 }).kind, 'full');
    assert.equal(sessions.lookup({ session: 'a', number: next, floor: 2 }).kind, 'unknown', 'an answer makes room');
    assert.equal(sessions.lookup({ session: 'a', number: 1, floor: 1 }).kind, 'answered', 'what is kept is answered');
    for (let id = 1; id < sessionsMax; id++) record(sessions, `s${id}`, 1);
    assert.equal(sessions.lookup({ session: 'new', number: 1, floor: 1 }).kind, 'full');
    assert.equal(sessions.lookup({ session: 's1', number: 2, floor: 1 }).kind, 'unknown');
  });

  it('of a fork stay as they were', () => {
    const sessions = new Sessions();
    record(sessions, 'a', 1);
    const fork = sessions.fork();
    record(sessions, 'a', 2);
    sessions.pass(1_000);
    assert.equal(fork.lookup({ session: 'a', number: 1, floor: 1 }).kind, 'answered');
    assert.equal(fork.lookup({ session: 'a', number: 2, floor: 1 }).kind, 'unknown');
    assert.equal(fork.clockMs, 0);
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
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: -1e6, max: 1e6 }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const sessions = new Sessions();
        const model = new Map<string, { floor: number; last: number; idleMs: number; done: Set<number> }>();
        for (const one of steps) {
          if (one.kind === 'pass') {
            sessions.pass(one.ms);
            for (const known of model.values()) known.idleMs += Math.min(Math.max(one.ms, 0), stepMsMax);
            continue;
          }
          const known = model.get(one.session) ?? { floor: 0, last: 0, idleMs: 0, done: new Set() };
          if (known.idleMs > sessionIdleMs) continue;
          const number = known.last + 1 + one.ahead;
          const floor = Math.max(1, number - one.behind);
          if (sessions.lookup({ session: one.session, number, floor }).kind !== 'unknown') continue;
          record(sessions, one.session, number, floor);
          known.done.add(number);
          model.set(one.session, { ...known, last: number, floor: Math.max(known.floor, floor), idleMs: 0 });
        }
        for (const [session, { floor, last, idleMs, done }] of model) {
          if (idleMs > sessionIdleMs) continue;
          for (let number = 1; number <= last + 1; number++) {
            const expected = number < floor ? 'forgotten' : done.has(number) ? 'answered' : 'unknown';
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
