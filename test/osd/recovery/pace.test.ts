import assert from 'node:assert/strict';
import { monotonicMs } from '../../../base/instants.js';
import { Pace } from '../../../osd/recovery/pace.js';

const at = monotonicMs;

/** One client that has requests under way for `busyMs` of each `everyMs`, from `from` to `to`. */
function client(pace: Pace, from: number, to: number, { busyMs, everyMs }: { busyMs: number; everyMs: number }): void {
  for (let now = from; now < to; now += everyMs) {
    pace.clientBegan(at(now));
    pace.clientEnded(at(now + busyMs));
  }
}

describe('osd/recovery: pace', () => {
  it('does not rest without clients, nor a second after the last', () => {
    const pace = new Pace();
    assert.equal(pace.restAfter(at(10_000), 50), 0);
    client(pace, 10_000, 11_000, { busyMs: 10, everyMs: 10 });
    assert.ok(pace.restAfter(at(11_000), 50) > 0);
    assert.equal(pace.restAfter(at(12_100), 50), 0);
  });

  it('leaves nine tenths of the time to clients that are always there', () => {
    const pace = new Pace();
    client(pace, 0, 2_000, { busyMs: 10, everyMs: 10 });
    assert.equal(pace.restAfter(at(2_000), 10), 90);
  });

  it('rests less beside clients that come now and then', () => {
    const pace = new Pace();
    client(pace, 0, 2_000, { busyMs: 2, everyMs: 250 });
    const rest = pace.restAfter(at(2_000), 10);
    assert.ok(rest > 0 && rest < 2, `${rest}`);
  });

  it('counts a request that is under way all the time, and several at once like one', () => {
    const pace = new Pace();
    pace.clientBegan(at(100));
    assert.equal(pace.clientShare(at(5_000)), 1);
    pace.clientBegan(at(5_000));
    pace.clientEnded(at(5_010));
    assert.equal(pace.clientShare(at(5_250)), 1);
    pace.clientEnded(at(5_250));
    assert.ok(pace.clientShare(at(5_900)) < 0.8);
    assert.equal(pace.clientShare(at(6_600)), 0);
  });

  it('has the streams of an OSD share the time', () => {
    const pace = new Pace();
    pace.clientBegan(at(0));
    let now = 10_000;
    // Four streams, each of which works for 20 ms and then rests as it is told.
    const free = [now, now, now, now];
    let worked = 0;
    const end = now + 60_000;
    while (now < end) {
      const next = Math.min(...free);
      now = next + 20;
      free[free.indexOf(next)] = now + pace.restAfter(at(now), 20);
      worked += 20;
    }
    const share = worked / 60_000;
    assert.ok(share > 0.09 && share < 0.12, `${share}`);
  });

  it('rests less after a small piece, which mostly waited for disks', () => {
    const pace = new Pace();
    pace.clientBegan(at(0));
    assert.equal(pace.restAfter(at(10_000), 8, 4096), 18);
    assert.equal(pace.restAfter(at(20_000), 8, 128 * 1024), 36);
    assert.equal(pace.restAfter(at(30_000), 8, 1024 * 1024), 72);
  });

  it('goes on beside any load', () => {
    const pace = new Pace();
    pace.clientBegan(at(0));
    assert.equal(pace.restAfter(at(10_000), 60_000), 1_000);
  });
});
