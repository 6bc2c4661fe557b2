import assert from 'node:assert/strict';
import { CairnError, isCairnError, toCairnError } from '../../base/errors.js';
import { InvariantError, invariant, unreachable } from '../../base/invariant.js';

describe('CairnError', () => {
  it('says by default that nothing was applied, and has no cause', () => {
    const error = new CairnError('NOT_FOUND', 'no such pool; see `cairn pool ls`');
    assert.equal(error.applied, 'no');
    assert.deepEqual(error.details, {});
    assert.equal('cause' in error, false);
    assert.equal(`${error}`, 'CairnError: no such pool; see `cairn pool ls`');
  });

  it('is recognised by code', () => {
    const error: unknown = new CairnError('OVERLOADED', 'the queue is full', { applied: 'maybe' });
    assert.equal(isCairnError(error), true);
    assert.equal(isCairnError(error, 'OVERLOADED'), true);
    assert.equal(isCairnError(error, 'CLOSED'), false);
    assert.equal(isCairnError(new Error('x')), false);
  });

  it('keeps itself and wraps anything else as INTERNAL with its cause', () => {
    const error = new CairnError('CLOSED', 'closed');
    assert.equal(toCairnError(error), error);
    const cause = new TypeError('x is not a function');
    const wrapped = toCairnError(cause);
    assert.equal(wrapped.code, 'INTERNAL');
    assert.equal(wrapped.message, 'x is not a function');
    assert.equal(wrapped.cause, cause);
    assert.equal(toCairnError('just text').message, 'just text');
  });
});

describe('invariant', () => {
  it('lets a fact pass and names the broken statement with its details', () => {
    invariant(1 + 1 === 2, 'sums hold');
    assert.throws(
      () => invariant(false, 'the log has no gaps', { seq: 5n, last: 3 }),
      (error: unknown) => error instanceof InvariantError && /the log has no gaps.*"seq":"5n"/.test(error.message),
    );
  });

  it('throws where the compiler thought nothing could come', () => {
    assert.throws(() => unreachable('surprise' as never), /surprise/);
  });
});
