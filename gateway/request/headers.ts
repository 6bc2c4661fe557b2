/** Small typed readers of headers and query parameters, with AWS's answers to what is wrong. */
import type { HeaderMap } from '../http/request.js';
import { S3Error } from '../s3-error.js';
import type { Query } from './target.js';

/** AWS names the argument and repeats its value. */
export function invalidArgument(message: string, name: string, value: string): S3Error {
  return new S3Error('InvalidArgument', { message, fields: { ArgumentName: name, ArgumentValue: value } });
}

/**
 * Bytes; `undefined` for a request without it. Throws InvalidRequest: with it unread nobody knows where the next request begins, so
 * whoever answers closes the connection.
 */
export function contentLength(headers: HeaderMap): number | undefined {
  return byteCount(headers, 'content-length');
}

/** `x-amz-decoded-content-length`: bytes of the body without the frames of `aws-chunked`. Throws InvalidRequest. */
export function decodedContentLength(headers: HeaderMap): number | undefined {
  return byteCount(headers, 'x-amz-decoded-content-length');
}

function byteCount(headers: HeaderMap, name: string): number | undefined {
  const text = headers.get(name);
  if (text === undefined) return undefined;
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    throw new S3Error('InvalidRequest', { message: `The ${name} header is not a number of bytes.` });
  }
  return value;
}

/** The account that the client believes to own the bucket; who differs is answered AccessDenied. `source` is that of a copy. */
export function expectedBucketOwner(headers: HeaderMap, of: 'bucket' | 'source' = 'bucket'): string | undefined {
  const name = of === 'bucket' ? 'x-amz-expected-bucket-owner' : 'x-amz-source-expected-bucket-owner';
  const owner = headers.get(name);
  if (owner === '') throw invalidArgument('The value of the expected bucket owner must be an account id.', name, owner);
  return owner;
}

/** Whether the client accepts to pay. Throws InvalidArgument. */
export function requestPayer(headers: HeaderMap): boolean {
  const name = 'x-amz-request-payer';
  const value = headers.get(name);
  if (value === undefined) return false;
  if (value.toLowerCase() !== 'requester')
    throw invalidArgument('The request payer can only be requester.', name, value);
  return true;
}

/** A header that is `true` or `false`; absent is false. Throws InvalidArgument. */
export function booleanHeader(headers: HeaderMap, name: string): boolean {
  const value = headers.get(name);
  if (value === undefined) return false;
  const word = value.toLowerCase();
  if (word !== 'true' && word !== 'false')
    throw invalidArgument(`The value of ${name} must be true or false.`, name, value);
  return word === 'true';
}

/** The largest that AWS reads: more is no integer to it, although pages have at most 1,000 entries. */
const int32Max = 2_147_483_647;

/** How many entries a page may have, `max-keys` and its like: 0 to `most`, and more stands for `most`. Throws InvalidArgument. */
export function pageLength(name: string, text: string | undefined, most = 1_000): number {
  return Math.min(nonNegative(name, text) ?? most, most);
}

/** `part-number-marker`: 0 stands for the beginning. Throws InvalidArgument. */
export function marker(name: string, text: string | undefined): number {
  return nonNegative(name, text) ?? 0;
}

/** `partNumber`: 1 to 10,000. Throws InvalidArgument. */
export function partNumber(text: string): number {
  const value = integer(text);
  if (value === undefined || value < 1 || value > 10_000) {
    throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', text);
  }
  return value;
}

/** Absent and empty are the same, as on AWS. */
function nonNegative(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = integer(text);
  if (value === undefined) throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  if (value < 0) throw invalidArgument(`Argument ${name} must be an integer between 0 and ${int32Max}`, name, text);
  return value;
}

/** Of 32 bits. */
export function integer(text: string): number | undefined {
  const value = Number(text);
  return /^[+-]?[0-9]{1,32}$/.test(text) && Math.abs(value) <= int32Max ? value : undefined;
}

/** The version that the request names: an id, or `null`; `undefined` for the current one. Throws InvalidArgument. */
export function versionIdOf(query: Query): string | undefined {
  const name = 'versionId';
  const value = query.get(name);
  if (value === '') throw invalidArgument('Version id cannot be the empty string', name, value);
  return value;
}
