import { isS3Error } from '../../gateway/s3-error.js';
import type { S3ErrorCode } from '../../gateway/s3-error-codes.js';

/** For `assert.throws` and `assert.rejects`: an `S3Error` of that code, with these fields among its own, whose message has `mentions`. */
export function s3Error(
  code: S3ErrorCode,
  expected: { readonly fields?: Readonly<Record<string, string>>; readonly mentions?: string } = {},
): (error: unknown) => boolean {
  return (error) => {
    if (!isS3Error(error, code)) throw new Error(`not ${code}`, { cause: error });
    for (const [name, value] of Object.entries(expected.fields ?? {})) {
      if (error.fields[name] !== value)
        throw new Error(`${name} is ${error.fields[name]}, not ${value}`, { cause: error });
    }
    const { mentions = '' } = expected;
    if (!error.message.includes(mentions))
      throw new Error(`"${mentions}" is missing in "${error.message}"`, { cause: error });
    return true;
  };
}
