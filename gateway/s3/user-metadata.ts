/** User metadata: the headers `x-amz-meta-*`, stored as text by their names without that prefix. */
import { isWellFormed, utf8Bytes } from '../../base/bytes.js';
import type { HeaderMap } from '../http/request.js';
import { S3Error } from '../s3-error.js';
import { decodeEncodedWords, headerText } from './encoded-word.js';

const prefix = 'x-amz-meta-';

/** 2 KB, the names (without the prefix) and values in UTF-8 together. */
export const userMetadataBytesMax = 2048;

/** Names in lower case, as HTTP has them, in byte order. Values are any text. */
export type UserMetadata = ReadonlyMap<string, string>;

/**
 * Of a request's headers; RFC 2047 words in values are decoded, as S3 does. Throws `MetadataTooLarge`, and `InvalidArgument` for a name
 * of nothing but the prefix.
 */
export function parseUserMetadata(headers: HeaderMap): UserMetadata {
  const entries: [string, string][] = [];
  for (const [header, value] of headers) {
    if (header.startsWith(prefix)) entries.push([header.slice(prefix.length), decodeEncodedWords(value.trim())]);
  }
  return checkedUserMetadata(entries);
}

/** Of fields that are not headers (POST forms): names in lower case without the prefix. Throws as above. */
export function checkedUserMetadata(entries: readonly (readonly [string, string])[]): UserMetadata {
  let bytes = 0;
  for (const [name, value] of entries) {
    if (name === '' || !isWellFormed(name) || !isWellFormed(value)) {
      throw new S3Error('InvalidArgument', {
        message: `The name of user metadata goes after ${prefix}, and names and values are UTF-8.`,
        fields: { ArgumentName: `${prefix}${name}` },
      });
    }
    bytes += utf8Bytes(name).byteLength + utf8Bytes(value).byteLength;
  }
  if (bytes > userMetadataBytesMax) {
    throw new S3Error('MetadataTooLarge', {
      fields: { Size: String(bytes), MaxSizeAllowed: String(userMetadataBytesMax) },
    });
  }
  return new Map(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The headers of an answer, in the order of the names. */
export function userMetadataHeaders(metadata: UserMetadata): [string, string][] {
  return [...metadata].map(([name, value]) => [prefix + name, headerText(value)]);
}
