import { S3Error } from '../s3-error.js';

/** Of UTF-8. */
export const keyBytesMax = 1_024;

/** For keys of requests, of copy sources and of batches. Throws KeyTooLongError. */
export function checkKey(key: string): void {
  // A character of UTF-16 takes at most three bytes.
  if (key.length * 3 <= keyBytesMax) return;
  const bytes = Buffer.byteLength(key);
  if (bytes > keyBytesMax) {
    throw new S3Error('KeyTooLongError', { fields: { Size: String(bytes), MaxSizeAllowed: String(keyBytesMax) } });
  }
}
