/**
 * Conditions of requests that write: PutObject, CompleteMultipartUpload, the target of CopyObject, and deletes. Parsed here; whether
 * one holds is decided where the key lives, in the transaction that writes.
 */
import type { WallMs } from '../../base/instants.js';
import type { HeaderMap } from '../http/request.js';
import { S3Error } from '../s3-error.js';
import { type EtagPattern, parseEtagPattern } from './etag.js';
import { parseHttpDate, parseIsoDate } from './http-date.js';

/** A delete marker counts as absent. ETags are without quotes; there is at least one. */
export type WriteCondition =
  | { readonly kind: 'none' }
  /** `If-None-Match: *`: refused with `PreconditionFailed` where the key exists. */
  | { readonly kind: 'absent' }
  /** `If-Match: *`: where it is absent, `NoSuchKey`. */
  | { readonly kind: 'present' }
  /** `If-Match: "a", "b"`: the current one has one of these, else `PreconditionFailed`; where it is absent, `NoSuchKey`. */
  | { readonly kind: 'etag'; readonly etags: readonly string[] }
  /** `If-None-Match: "a", "b"`: absent, or the current one has none of these, else `PreconditionFailed`. */
  | { readonly kind: 'other-etag'; readonly etags: readonly string[] };

/** Of DeleteObject: all three have to hold for the current version. */
export interface DeleteCondition {
  readonly etag: Extract<WriteCondition, { kind: 'none' | 'present' | 'etag' }>;
  /** `x-amz-if-match-size`, in bytes. */
  readonly size: number | undefined;
  /** `x-amz-if-match-last-modified-time`, in whole seconds. */
  readonly lastModified: WallMs | undefined;
}

/**
 * Throws `InvalidRequest` for both kinds of header at once, `InvalidArgument` for one that names nothing and for weak tags, which
 * could never match: an unconditional write would be the worst reading of either.
 */
export function parseWriteCondition(headers: HeaderMap): WriteCondition {
  const ifMatch = headers.get('if-match');
  const ifNoneMatch = headers.get('if-none-match');
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw new S3Error('InvalidRequest', {
      message: 'If-Match and If-None-Match cannot both be conditions of one write; send one of them.',
    });
  }
  if (ifMatch !== undefined) return parseIfMatch('if-match', ifMatch);
  if (ifNoneMatch === undefined) return { kind: 'none' };
  const pattern = requirePattern('if-none-match', ifNoneMatch);
  return pattern === '*'
    ? { kind: 'absent' }
    : { kind: 'other-etag', etags: requireStrong('if-none-match', ifNoneMatch, pattern) };
}

/** Of the headers of DeleteObject. Throws `InvalidArgument`. */
export function parseDeleteCondition(headers: HeaderMap): DeleteCondition {
  const ifMatch = headers.get('if-match');
  const size = headers.get(sizeHeader);
  const time = headers.get(timeHeader);
  return {
    etag: ifMatch === undefined ? { kind: 'none' } : parseIfMatch('if-match', ifMatch),
    size: size === undefined ? undefined : parseIfMatchSize(size),
    lastModified: time === undefined ? undefined : parseIfMatchTime(time),
  };
}

const sizeHeader = 'x-amz-if-match-size';
const timeHeader = 'x-amz-if-match-last-modified-time';

/** `If-Match`, or the `<ETag>` of a key in DeleteObjects (`name` says which). Throws `InvalidArgument`. */
export function parseIfMatch(name: string, text: string): DeleteCondition['etag'] {
  const pattern = requirePattern(name, text);
  return pattern === '*' ? { kind: 'present' } : { kind: 'etag', etags: requireStrong(name, text, pattern) };
}

/** `x-amz-if-match-size`, or `<Size>` in DeleteObjects. Throws `InvalidArgument`. */
export function parseIfMatchSize(text: string): number {
  const size = Number(text.trim());
  if (!/^\d{1,16}$/.test(text.trim()) || !Number.isSafeInteger(size)) {
    throw invalid(sizeHeader, text, 'a whole number of bytes');
  }
  return size;
}

/** `x-amz-if-match-last-modified-time`, or `<LastModifiedTime>` in DeleteObjects. Throws `InvalidArgument`. */
export function parseIfMatchTime(text: string): WallMs {
  const at = parseHttpDate(text.trim()) ?? parseIsoDate(text.trim());
  if (at === undefined) throw invalid(timeHeader, text, 'a date like Sun, 06 Nov 1994 08:49:37 GMT');
  return at;
}

function requirePattern(name: string, text: string): EtagPattern {
  const pattern = parseEtagPattern(text);
  if (pattern.length === 0) throw invalid(name, text, 'an ETag or *');
  return pattern;
}

function requireStrong(name: string, text: string, tags: Exclude<EtagPattern, '*'>): string[] {
  if (tags.some((tag) => tag.isWeak)) throw invalid(name, text, 'an ETag without W/ before it');
  return tags.map((tag) => tag.value);
}

function invalid(name: string, text: string, expected: string): S3Error {
  return new S3Error('InvalidArgument', {
    message: `The value of ${name} has to be ${expected}.`,
    fields: { ArgumentName: name, ArgumentValue: text },
  });
}
