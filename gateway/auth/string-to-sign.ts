/** The three texts that are signed: of a request, of a chunk of its body, of the trailers behind that. */
import { createHash } from 'node:crypto';

/** Of no bytes at all. */
export const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** When and for what a request was signed; all that follows in its body repeats it. */
export interface SigningContext {
  /** `20130524T000000Z`. */
  readonly stamp: string;
  /** `20130524/us-east-1/s3/aws4_request`. */
  readonly scope: string;
}

export const signatureAlgorithm = 'AWS4-HMAC-SHA256';

/** In hexadecimal, 64 digits in lower case. Text counts as UTF-8. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function requestStringToSign({ stamp, scope }: SigningContext, canonicalRequest: string): string {
  return `${signatureAlgorithm}\n${stamp}\n${scope}\n${sha256Hex(canonicalRequest)}`;
}

/** `previous`: signature of the chunk before, of the request for the first. The hash of no bytes is that of the chunk's headers. */
export function chunkStringToSign({ stamp, scope }: SigningContext, previous: string, chunkSha256: string): string {
  return `${signatureAlgorithm}-PAYLOAD\n${stamp}\n${scope}\n${previous}\n${emptySha256}\n${chunkSha256}`;
}

/** `previous`: signature of the last chunk, which is empty. */
export function trailerStringToSign({ stamp, scope }: SigningContext, previous: string, sha256: string): string {
  return `${signatureAlgorithm}-TRAILER\n${stamp}\n${scope}\n${previous}\n${sha256}`;
}
