import assert from 'node:assert/strict';
import { isCairnError } from '../../base/errors.js';
import { HandlerTable } from '../../wire/handlers.js';
import { defineMethod } from '../../wire/method.js';
import { Withdrawal } from '../../wire/withdrawal.js';
import { connectPair, gate, nodeRuntime, rejection } from './support.js';

const slow = defineMethod('test.slow');

describe('wire: withdrawal', () => {
  it('tells its listener once, and nobody who left or came later', () => {
    const withdrawal = new Withdrawal();
    const told: string[] = [];
    const gone = { onWithdrawn: () => told.push('gone') };
    const present = { onWithdrawn: () => told.push('present') };
    withdrawal.listen(gone);
    withdrawal.leave(gone);
    withdrawal.listen(present);
    withdrawal.leave(gone);
    const reason = new Error('enough');
    withdrawal.withdraw(reason);
    withdrawal.withdraw(new Error('again'));
    withdrawal.listen(gone);
    assert.deepEqual([told, withdrawal.reason], [['present'], reason]);
  });

  it('aborts its signal with its reason, asked for before or after', () => {
    const withdrawal = new Withdrawal();
    const { signal } = withdrawal;
    assert.equal(signal.aborted, false);
    const reason = new Error('enough');
    withdrawal.withdraw(reason);
    assert.equal(signal.reason, reason);
    const late = new Withdrawal();
    late.withdraw(reason);
    assert.equal(late.signal.reason, reason);
  });

  it('ends a call that is under way, at both ends, and one that has not begun', async () => {
    const aborted = gate();
    const handlers = new HandlerTable().on(slow, async ({ signal }) => {
      signal.addEventListener('abort', () => aborted.open());
      reached.open();
      await aborted.promise;
      return { header: undefined };
    });
    const reached = gate();
    const pair = await connectPair(nodeRuntime(), handlers);
    const withdrawal = new Withdrawal();
    const call = rejection(pair.dialer.call(slow, undefined, { withdrawal }));
    await reached.promise;
    withdrawal.withdraw(new Error('enough'));
    const error = await call;
    assert.ok(isCairnError(error, 'CANCELLED') && error.applied === 'maybe');
    await aborted.promise;
    const second = await rejection(pair.dialer.call(slow, undefined, { withdrawal }));
    assert.ok(isCairnError(second, 'CANCELLED') && second.applied === 'no');
    await pair.close();
  });
});
