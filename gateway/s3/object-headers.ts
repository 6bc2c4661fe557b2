/** The headers that are stored with an object and come back when it is read. */
import { isWellFormed } from '../../base/bytes.js';
import type { HeaderMap } from '../http/request.js';
import { S3Error } from '../s3-error.js';
import { headerText } from './encoded-word.js';

export const defaultContentType = 'binary/octet-stream';

/** In the order of sending. `expires` is text: S3 gives back whatever it was given. */
const stored = [
  ['cache-control', 'cacheControl', 'response-cache-control'],
  ['content-disposition', 'contentDisposition', 'response-content-disposition'],
  ['content-encoding', 'contentEncoding', 'response-content-encoding'],
  ['content-language', 'contentLanguage', 'response-content-language'],
  ['content-type', 'contentType', 'response-content-type'],
  ['expires', 'expires', 'response-expires'],
] as const;

type OptionalField = Exclude<(typeof stored)[number][1], 'contentType'>;

export type ObjectHeaders = Readonly<Partial<Record<OptionalField, string>>> & { readonly contentType: string };

/** Of each value; with names and all else, what Node reads of a request's headers is 16 KiB. */
const valueCharactersMax = 8_192;

/** Of a request that writes. An empty header counts as none. Throws `InvalidArgument` for what no header could carry. */
export function parseObjectHeaders(headers: HeaderMap): ObjectHeaders {
  const parsed: Partial<Record<OptionalField | 'contentType', string>> = {};
  for (const [header, field] of stored) {
    const value = headers.get(header)?.trim() ?? '';
    const kept = header === 'content-encoding' ? withoutAwsChunked(value) : value;
    if (kept !== '') parsed[field] = checked(header, kept);
  }
  return { ...parsed, contentType: parsed.contentType ?? defaultContentType };
}

/** `aws-chunked` says how a request's body is framed, and is no encoding of the object: the others stay, in their order. */
export function withoutAwsChunked(contentEncoding: string): string {
  const codings = contentEncoding.split(',').map((coding) => coding.trim());
  return codings.filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked').join(',');
}

/** Whether a body is framed by `aws-chunked`, by this header. (`x-amz-content-sha256` says it, too; old clients leave this one out.) */
export function saysAwsChunked(contentEncoding: string | undefined): boolean {
  return (contentEncoding ?? '').split(',').some((coding) => coding.trim().toLowerCase() === 'aws-chunked');
}

/** What a GET or HEAD overrides, by the headers' names. */
export type HeaderOverrides = ReadonlyMap<string, string>;

/**
 * Of the query's `response-*`, percent-decoded. An anonymous request with any is refused with `InvalidRequest`: else a link to
 * somebody's public object could make it a page of another type. Throws `InvalidArgument` for values that no header could carry.
 */
export function parseHeaderOverrides(query: ReadonlyMap<string, string>, isAnonymous: boolean): HeaderOverrides {
  const overrides = new Map<string, string>();
  for (const [header, , parameter] of stored) {
    const value = query.get(parameter);
    if (value === undefined || value === '') continue;
    if (isAnonymous) {
      throw new S3Error('InvalidRequest', {
        message: 'Request specific response headers cannot be used for anonymous GET requests.',
      });
    }
    overrides.set(header, checked(parameter, value));
  }
  return overrides;
}

/** The headers of an answer. */
export function objectHeaderLines(headers: ObjectHeaders, overrides: HeaderOverrides = new Map()): [string, string][] {
  const lines: [string, string][] = [];
  for (const [header, field] of stored) {
    const value = overrides.get(header) ?? headers[field];
    if (value !== undefined) lines.push([header, headerText(value)]);
  }
  return lines;
}

function checked(name: string, value: string): string {
  // A line break would begin another header.
  if (value.length <= valueCharactersMax && /^[\t\P{Cc}]*$/u.test(value) && isWellFormed(value)) return value;
  throw new S3Error('InvalidArgument', {
    message: `The value of ${name} is too long, or has characters that no header can have.`,
    fields: { ArgumentName: name },
  });
}
