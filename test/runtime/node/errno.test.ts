import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { errorCodes } from '../../../base/errors.js';
import { fromErrno, isKnownErrno } from '../../../runtime/node/errno.js';

const cases = [
  { errno: 'ECONNREFUSED', code: 'CONNECTION_REFUSED' },
  { errno: 'ECONNRESET', code: 'CONNECTION_LOST' },
  { errno: 'EPIPE', code: 'CONNECTION_LOST' },
  { errno: 'ETIMEDOUT', code: 'UNREACHABLE' },
  { errno: 'EHOSTUNREACH', code: 'UNREACHABLE' },
  { errno: 'ENETUNREACH', code: 'UNREACHABLE' },
  { errno: 'ENOTFOUND', code: 'UNREACHABLE' },
  { errno: 'EAI_AGAIN', code: 'UNREACHABLE' },
  { errno: 'EADDRINUSE', code: 'ADDRESS_IN_USE' },
  { errno: 'EADDRNOTAVAIL', code: 'UNREACHABLE' },
  { errno: 'EACCES', code: 'PERMISSION_DENIED' },
  { errno: 'EPERM', code: 'PERMISSION_DENIED' },
  { errno: 'EROFS', code: 'PERMISSION_DENIED' },
  { errno: 'ENOENT', code: 'NOT_FOUND' },
  { errno: 'EEXIST', code: 'EXISTS' },
  { errno: 'ENOSPC', code: 'NO_SPACE' },
  { errno: 'EDQUOT', code: 'NO_SPACE' },
  { errno: 'EFBIG', code: 'NO_SPACE' },
  { errno: 'EIO', code: 'IO_ERROR' },
  { errno: 'ENOTDIR', code: 'INVALID_ARGUMENT' },
  { errno: 'EISDIR', code: 'INVALID_ARGUMENT' },
  { errno: 'ENOTEMPTY', code: 'CONFLICT' },
  { errno: 'EMFILE', code: 'OVERLOADED' },
  { errno: 'ENFILE', code: 'OVERLOADED' },
] as const;

describe('errno', () => {
  for (const { errno, code } of cases) {
    it(`${errno} is ${code}`, () => {
      const cause = Object.assign(new Error(`${errno}: as the system says`), { code: errno });
      const error = fromErrno(cause, 'cannot open /a/b', 'INTERNAL', 'maybe');
      assert.equal(error.code, code);
      assert.match(error.message, /^cannot open \/a\/b: [^\n]+$/);
      assert.deepEqual([error.cause, error.applied, error.details], [cause, 'maybe', { errno }]);
    });
  }

  it('what the table does not list gets the code that the caller chose, and keeps its own words', () => {
    const cause = Object.assign(new Error('EUNKNOWN: odd'), { code: 'EUNKNOWN' });
    const error = fromErrno(cause, 'cannot read /a', 'IO_ERROR');
    assert.deepEqual([error.code, error.message], ['IO_ERROR', 'cannot read /a: EUNKNOWN: odd']);
    assert.equal(fromErrno('text', 'cannot read /a', 'IO_ERROR').message, 'cannot read /a: text');
    // A name that every object has is no entry of the table.
    assert.equal(isKnownErrno('constructor'), false);
  });

  it('names only errors that the system or its resolver has, and codes that we have', () => {
    for (const { errno, code } of cases) {
      assert.ok(isKnownErrno(errno));
      assert.ok(Object.hasOwn(errorCodes, code));
      assert.ok(errno in constants.errno || /^(ENOTFOUND|EAI_)/.test(errno), errno);
    }
  });
});
