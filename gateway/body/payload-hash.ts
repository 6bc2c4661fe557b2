import { createHash } from 'node:crypto';
import type { BodySource } from '../http/request.js';
import { S3Error } from '../s3-error.js';

/**
 * Hands `source` on and compares its hash with `sha256` (hexadecimal, in lower case) at the end, where it throws
 * `XAmzContentSHA256Mismatch`: nothing may be committed unless this ends without an error.
 */
export async function* verifiedPayload(
  source: BodySource,
  sha256: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
  const computed = hash.digest('hex');
  if (computed === sha256) return;
  throw new S3Error('XAmzContentSHA256Mismatch', {
    fields: { ClientComputedContentSHA256: sha256, S3ComputedContentSHA256: computed },
  });
}
