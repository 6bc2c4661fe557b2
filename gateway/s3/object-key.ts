/** Keys of objects: 1 to 1024 bytes of UTF-8, any characters, NUL among them (shards escape it, DESIGN.md section 7). */
import { isWellFormed, utf8Bytes } from '../../base/bytes.js';
import { S3Error } from '../s3-error.js';

export const keyBytesMax = 1024;

/** Of a key from a path, a document or a form. Throws `InvalidArgument` for an empty one and for lone surrogates, `KeyTooLongError`. */
export function requireKey(key: string): void {
  // Each UTF-16 unit has 1 to 3 bytes: most keys need not be encoded to be measured.
  const bytes = key.length * 3 <= keyBytesMax ? key.length : utf8Bytes(key).byteLength;
  if (bytes > keyBytesMax) {
    throw new S3Error('KeyTooLongError', { fields: { Size: String(bytes), MaxSizeAllowed: String(keyBytesMax) } });
  }
  if (key === '' || !isWellFormed(key)) {
    throw new S3Error('InvalidArgument', { message: 'The key is empty, or is not UTF-8.' });
  }
}
