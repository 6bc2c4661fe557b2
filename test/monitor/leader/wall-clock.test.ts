import assert from 'node:assert/strict';
import fc from 'fast-check';
import { wallMs } from '../../../base/instants.js';
import { limitAheadMs, renewBelowMs, WallClock } from '../../../monitor/leader/wall-clock.js';

describe("the cluster's wall time", () => {
  it('goes on with the clock up to the limit committed, and stands still there', () => {
    const clock = new WallClock(wallMs(0));
    const committed = { wall: wallMs(100), wallLimit: wallMs(1_000) };
    assert.equal(clock.now(wallMs(50), committed), 100);
    assert.equal(clock.now(wallMs(500), committed), 500);
    assert.equal(clock.now(wallMs(400), committed), 500);
    assert.equal(clock.now(wallMs(9_000), committed), 1_000);
  });

  it('asks for a new limit in time', () => {
    const clock = new WallClock(wallMs(0));
    const limit = clock.limitFor(wallMs(1_000), wallMs(0));
    assert.equal(limit, 1_000 + limitAheadMs);
    assert.equal(clock.needsRenewal(wallMs(limit - renewBelowMs), limit), false);
    assert.equal(clock.needsRenewal(wallMs(limit - renewBelowMs + 1), limit), true);
    assert.equal(clock.limitFor(wallMs(1_000), wallMs(99_000)), 99_000);
  });

  /** Leaders come and go, clocks jump, transactions get lost: nobody is ever told an earlier time than somebody before. */
  it('never goes back, through any change of the leader', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: -20_000, max: 20_000 }) }),
      fc.constant({ kind: 'read' as const }),
      fc.record({ kind: fc.constant('commit' as const), isLost: fc.boolean() }),
      fc.record({ kind: fc.constant('leader' as const), clock: fc.integer({ min: 0, max: 100_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        let committed = { wall: wallMs(0), wallLimit: wallMs(0) };
        let leader = new WallClock(committed.wallLimit);
        let clock = 50_000;
        let told = 0;
        for (const one of steps) {
          if (one.kind === 'pass') clock += one.ms;
          else if (one.kind === 'leader') {
            clock = one.clock;
            leader = new WallClock(committed.wallLimit);
          } else if (one.kind === 'commit') {
            const wall = leader.next(wallMs(clock), committed);
            const wallLimit = leader.limitFor(wallMs(clock), committed.wallLimit);
            if (one.isLost) continue;
            assert.ok(wall >= committed.wall && wall <= wallLimit);
            committed = { wall, wallLimit };
            assert.ok(wall >= told, 'the time of a transaction is none of the past');
            told = wall;
          } else {
            const now = leader.now(wallMs(clock), committed);
            assert.ok(now >= told, `${now} after ${told}`);
            told = now;
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
