/** `Content-MD5`, and the operations that do not go without some digest of their body. */
import type { HeaderMap } from '../http/request.js';
import { S3Error } from '../s3-error.js';
import { parseBase64 } from './base64-digest.js';
import type { DeclaredChecksum } from './checksum-headers.js';

/** 16 bytes; `undefined`: the client sent none. Throws `InvalidDigest`. */
export function parseContentMd5(headers: HeaderMap): Uint8Array | undefined {
  const text = headers.get('content-md5');
  if (text === undefined) return undefined;
  const md5 = parseBase64(text.trim(), 16);
  if (md5 !== undefined) return md5;
  throw new S3Error('InvalidDigest', {
    message: 'The Content-MD5 you specified was invalid.',
    fields: { 'Content-MD5': text },
  });
}

/**
 * For DeleteObjects and the operations that put configurations, locks, ACLs and tags: any digest will do, since the newer SDKs send no
 * MD5. Throws `InvalidRequest`.
 */
export function requireDigest(contentMd5: Uint8Array | undefined, checksum: DeclaredChecksum | undefined): void {
  if (contentMd5 !== undefined || checksum !== undefined) return;
  throw new S3Error('InvalidRequest', {
    message: 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
  });
}
