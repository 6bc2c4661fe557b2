import assert from 'node:assert/strict';
import { CairnError } from '../../base/errors.js';
import { InvariantError } from '../../base/invariant.js';
import { supervise } from '../../runtime/supervise.js';

/** What `fatal` was called with, once the promise has settled. */
async function fatals(promise: Promise<unknown>): Promise<unknown[]> {
  const errors: unknown[] = [];
  supervise({ fatal: (error) => errors.push(error) }, 'the heartbeat loop', promise);
  await promise.catch(() => undefined);
  await Promise.resolve();
  return errors;
}

describe('supervise', () => {
  it('leaves a daemon alone whose task succeeds', async () => {
    assert.deepEqual(await fatals(Promise.resolve('done')), []);
  });

  const cases = [
    { error: new CairnError('IO_ERROR', 'cannot sync'), code: 'IO_ERROR', message: 'cannot sync' },
    { error: new InvariantError('no gaps'), code: 'INTERNAL', message: 'invariant broken: no gaps' },
    { error: 'a string', code: 'INTERNAL', message: 'a string' },
  ];
  for (const { error, code, message } of cases) {
    it(`stops the daemon and names the task when it fails with ${String(error)}`, async () => {
      const failed = (async () => {
        // A library may throw anything.
        // oxlint-disable-next-line typescript/only-throw-error
        throw error;
      })();
      const [fatal, ...more] = await fatals(failed);
      assert.ok(fatal instanceof CairnError);
      assert.deepEqual(
        [fatal.code, fatal.message, fatal.cause],
        [code, `the heartbeat loop failed: ${message}`, error],
      );
      assert.deepEqual(more, []);
    });
  }
});
