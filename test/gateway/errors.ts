import assert from 'node:assert/strict';
import type { S3ErrorCode } from '../../gateway/s3-error-codes.js';
import { S3Error } from '../../gateway/s3-error.js';

/** The S3 error that `action` throws; anything else fails the test. */
export function refused(action: () => unknown, code: S3ErrorCode): S3Error {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof S3Error, `not an S3 error: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`it was taken; ${code} was expected`);
}
