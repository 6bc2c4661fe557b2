/** The body of a request as its operation sees it: without framing, and checked against what the signature promised. */
import { invariant } from '../../base/invariant.js';
import type { Authentication } from '../auth/authenticate.js';
import type { SignatureSeed } from '../auth/chunk-signatures.js';
import type { BodySource, HeaderMap, S3Request } from '../http/request.js';
import { S3Error } from '../s3-error.js';
import { AwsChunkedBody } from './aws-chunked.js';
import { verifiedPayload } from './payload-hash.js';
import { announcedTrailers } from './trailers.js';

export interface Payload {
  /** To be read once. It throws an `S3Error` at its end, or before, if the body is not what was signed: commit nothing earlier. */
  readonly bytes: BodySource;
  /** Of `bytes`; undefined where the client does not say. */
  readonly length: number | undefined;
  /** What came behind the body, names in lower case; once `bytes` has been read to its end. */
  readonly trailers: () => HeaderMap;
}

const noTrailers: HeaderMap = new Map();

/** Reads nothing yet. Throws `MissingContentLength` and `InvalidArgument` for lengths that are missing or wrong. */
export function openPayload(
  request: Pick<S3Request, 'headers' | 'body'>,
  authentication: Authentication<unknown>,
): Payload {
  const { headers, body } = request;
  const { payload } = authentication;
  switch (payload.kind) {
    case 'unsigned':
      return { bytes: body, length: lengthOf(headers, 'content-length'), trailers: () => noTrailers };
    case 'sha256': {
      const bytes = verifiedPayload(body, payload.sha256);
      return { bytes, length: lengthOf(headers, 'content-length'), trailers: () => noTrailers };
    }
    case 'unsigned-chunks':
    case 'signed-chunks': {
      const length = lengthOf(headers, 'x-amz-decoded-content-length');
      if (length === undefined) {
        throw new S3Error('MissingContentLength', { message: 'You must provide x-amz-decoded-content-length.' });
      }
      const hasTrailers = payload.kind === 'unsigned-chunks' || payload.hasTrailer;
      const bytes = new AwsChunkedBody(body, {
        decodedBytes: length,
        seed: payload.kind === 'signed-chunks' ? seedOf(authentication) : undefined,
        trailers: hasTrailers ? announcedTrailers(headers) : undefined,
      });
      return { bytes, length, trailers: () => bytes.trailers() };
    }
  }
}

function seedOf(authentication: Authentication<unknown>): SignatureSeed {
  invariant(authentication.kind === 'signed', 'only of a signed request chunks are signed');
  return authentication.seed;
}

function lengthOf(headers: HeaderMap, name: string): number | undefined {
  const text = headers.get(name);
  if (text === undefined) return undefined;
  const length = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(length)) return length;
  throw new S3Error('InvalidArgument', {
    message: `${name} must be a number of bytes.`,
    fields: { ArgumentName: name, ArgumentValue: text },
  });
}
