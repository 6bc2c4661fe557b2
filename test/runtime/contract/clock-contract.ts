import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { InvariantError } from '../../../base/invariant.js';
import { claim, until, withCode, type OpenHarness } from './harness.js';

/** What every `Clock` promises. */
export function clockContract(name: string, open: OpenHarness): void {
  describe(`clock contract: ${name}`, () => {
    claim('now never goes back, and moves on while one waits', open, async ({ runtime: { clock } }) => {
      const start = clock.now();
      let last = start;
      for (let index = 0; index < 100; index += 1) {
        await clock.yieldTurn();
        assert.ok(clock.now() >= last);
        last = clock.now();
      }
      await clock.sleep(5);
      assert.ok(clock.now() >= start + 5);
    });

    claim('wall is a number of milliseconds since 1970', open, async ({ runtime: { clock } }) => {
      assert.ok(Number.isFinite(clock.wall()));
      assert.ok(clock.wall() > 0);
    });

    claim('a timer never fires early', open, async ({ runtime: { clock } }) => {
      for (const delayMs of [0, 0.25, 1, 1.5, 2, 3.999, 7]) {
        const start = clock.now();
        await new Promise<void>((resolve) => {
          clock.after(delayMs, resolve);
        });
        assert.ok(clock.now() - start >= delayMs, `${delayMs} ms took ${clock.now() - start}`);
      }
    });

    claim('timers of one instant fire in the order they were set', open, async ({ runtime }) => {
      const fired: number[] = [];
      for (let index = 0; index < 50; index += 1) runtime.clock.after(3, () => fired.push(index));
      await until(runtime, 'all fired', () => fired.length === 50);
      assert.deepEqual(
        fired,
        Array.from({ length: 50 }, (_, index) => index),
      );
    });

    claim('a shorter timer fires before a longer one set earlier', open, async ({ runtime }) => {
      const fired: string[] = [];
      runtime.clock.after(40, () => fired.push('long'));
      runtime.clock.after(2, () => fired.push('short'));
      await until(runtime, 'both fired', () => fired.length === 2);
      assert.deepEqual(fired, ['short', 'long']);
    });

    claim('callbacks are never called from inside the method that takes them', open, async ({ runtime }) => {
      let calls = 0;
      runtime.clock.after(0, () => (calls += 1));
      runtime.clock.nextTurn(() => (calls += 1));
      assert.equal(calls, 0);
      await until(runtime, 'both were called', () => calls === 2);
    });

    claim('a cancelled timer does not fire, and cancelling twice or late is fine', open, async ({ runtime }) => {
      const fired: string[] = [];
      const dropped = runtime.clock.after(1, () => fired.push('dropped'));
      const kept = runtime.clock.after(2, () => fired.push('kept'));
      const turn = runtime.clock.nextTurn(() => fired.push('turn'));
      dropped.cancel();
      dropped.cancel();
      turn.cancel();
      await runtime.clock.sleep(5);
      kept.cancel();
      assert.deepEqual(fired, ['kept']);
    });

    claim('a timer can cancel another of the same instant', open, async ({ runtime: { clock } }) => {
      const fired: string[] = [];
      clock.after(2, () => {
        fired.push('first');
        second.cancel();
      });
      const second = clock.after(2, () => fired.push('second'));
      await clock.sleep(10);
      assert.deepEqual(fired, ['first']);
    });

    claim('calls for the next turn come in order, whatever timers are due', open, async ({ runtime }) => {
      const calls: string[] = [];
      runtime.clock.after(1, () => calls.push('timer'));
      runtime.clock.nextTurn(() => calls.push('a'));
      runtime.clock.nextTurn(() => calls.push('b'));
      await runtime.clock.yieldTurn();
      assert.deepEqual(calls.slice(-2), ['a', 'b']);
      await until(runtime, 'the timer fired', () => calls.includes('timer'));
    });

    claim('a call for the next turn made in such a call comes a turn later', open, async ({ runtime: { clock } }) => {
      const calls: string[] = [];
      clock.nextTurn(() => {
        calls.push('outer');
        clock.nextTurn(() => calls.push('inner'));
      });
      clock.nextTurn(() => calls.push('beside'));
      await clock.yieldTurn();
      await clock.yieldTurn();
      assert.deepEqual(calls, ['outer', 'beside', 'inner']);
    });

    claim('sleep rejects with CANCELLED as soon as its signal aborts', open, async ({ runtime: { clock } }) => {
      const abort = new AbortController();
      const start = clock.now();
      clock.after(1, () => {
        abort.abort();
      });
      await assert.rejects(clock.sleep(60_000, abort.signal), withCode('CANCELLED'));
      assert.ok(clock.now() - start < 30_000);
      await assert.rejects(clock.sleep(1, abort.signal), withCode('CANCELLED'));
    });

    claim('sleep leaves no listener behind on its signal', open, async ({ runtime: { clock } }) => {
      const { signal } = new AbortController();
      await clock.sleep(1, signal);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    });

    claim('delays that a timer cannot hold are refused', open, async ({ runtime: { clock } }) => {
      const ignore = (): void => undefined;
      for (const delayMs of [-1, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY]) {
        assert.throws(() => clock.after(delayMs, ignore), InvariantError, String(delayMs));
      }
      clock.after(2 ** 31 - 1, ignore).cancel();
    });
  });
}
