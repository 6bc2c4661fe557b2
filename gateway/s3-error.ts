/** Errors as S3 clients know them: a code, its status, a sentence (S3-SURFACE section 7; AWS "Error responses"). */
import type { S3ErrorCode } from './s3-error-codes.js';
import { s3ErrorCodes } from './s3-error-codes.js';

export interface S3ErrorOptions {
  /** In place of the code's own sentence. */
  readonly message?: string;
  /** Further elements of the XML document, in this order: `<BucketName>`, `<Region>`, `<CanonicalRequest>`... */
  readonly fields?: Readonly<Record<string, string>>;
  /** Of the answer, names in lower case: `x-amz-delete-marker`, `allow`, `x-amz-bucket-region`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where a code has more than one: a GET that names a delete marker by its version is 405. */
  readonly status?: number;
  readonly cause?: unknown;
}

/** What a request is refused with. Clients decide by `code` and `status`. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: S3ErrorCode;
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, options: S3ErrorOptions = {}) {
    const { status, message } = s3ErrorCodes[code];
    super(options.message ?? message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? status;
    this.fields = options.fields ?? {};
    this.headers = options.headers ?? {};
  }
}

export function isS3Error(error: unknown, code?: S3ErrorCode): error is S3Error {
  return error instanceof S3Error && (code === undefined || error.code === code);
}
