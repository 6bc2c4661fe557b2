/**
 * Conditions of requests that read (RFC 9110, section 13): GET and HEAD, and the source of a copy. Conditions of requests that
 * write are decided where the object is: `write-condition.ts`.
 */
import { invariant } from '../../base/invariant.js';
import type { WallMs } from '../../base/instants.js';
import type { HeaderMap } from '../http/request.js';
import type { S3Response } from '../http/response.js';
import { S3Error } from '../s3-error.js';
import { type EtagPattern, matchesStrongly, matchesWeakly, parseEtagPattern, quotedEtag } from './etag.js';
import { httpDate, parseHttpDate, parseIsoDate, wholeSeconds } from './http-date.js';

export interface ReadConditions {
  readonly ifMatch?: EtagPattern;
  readonly ifNoneMatch?: EtagPattern;
  readonly ifModifiedSince?: WallMs;
  readonly ifUnmodifiedSince?: WallMs;
}

/** What conditions are compared with. */
export interface Validators {
  /** Without quotes. */
  readonly etag: string;
  readonly lastModified: WallMs;
}

/** Of GET and HEAD. An empty header, or a date that is none, is as if it were not there: RFC 9110 wants dates read like that. */
export function parseReadConditions(headers: HeaderMap): ReadConditions {
  return {
    ...pattern('ifMatch', headers.get('if-match')),
    ...pattern('ifNoneMatch', headers.get('if-none-match')),
    ...date('ifModifiedSince', headers.get('if-modified-since')),
    ...date('ifUnmodifiedSince', headers.get('if-unmodified-since')),
  };
}

/**
 * Of the source of a copy, `x-amz-copy-source-if-*`. A date that is none is refused with `InvalidArgument`: to copy all the same,
 * against a condition, would be worse than to say so.
 */
export function parseCopySourceConditions(headers: HeaderMap): ReadConditions {
  const prefix = 'x-amz-copy-source-';
  return {
    ...pattern('ifMatch', headers.get(`${prefix}if-match`)),
    ...pattern('ifNoneMatch', headers.get(`${prefix}if-none-match`)),
    ...strictDate('ifModifiedSince', `${prefix}if-modified-since`, headers),
    ...strictDate('ifUnmodifiedSince', `${prefix}if-unmodified-since`, headers),
  };
}

/**
 * For GET and HEAD of an object that exists. Throws `PreconditionFailed`. `not-modified` is a 304 (`notModified`): the client has
 * these bytes already. In the order of RFC 9110, section 13.2.2: a date counts only where there is no tag of its kind.
 */
export function checkReadConditions(conditions: ReadConditions, object: Validators): 'proceed' | 'not-modified' {
  const failed = failedCondition(conditions, object);
  if (failed === undefined) return 'proceed';
  if (failed === 'If-None-Match' || failed === 'If-Modified-Since') return 'not-modified';
  throw preconditionFailed(failed);
}

/** For the source of a copy, which knows no 304. Throws `PreconditionFailed`. */
export function checkCopySourceConditions(conditions: ReadConditions, object: Validators): void {
  const failed = failedCondition(conditions, object);
  if (failed !== undefined) throw preconditionFailed(`x-amz-copy-source-${failed}`);
}

/** 304: what the client needs in order to go on using its copy, and no body. */
export function notModified(object: Validators): S3Response {
  return {
    status: 304,
    headers: new Map([
      ['etag', quotedEtag(object.etag)],
      ['last-modified', httpDate(object.lastModified)],
    ]),
    body: undefined,
  };
}

/**
 * Whether `Range` counts, by `If-Range`: a client that goes on with a download must not get the rest of another object. RFC 9110,
 * section 13.1.5: one tag, compared strongly, or a date that is exactly the object's. What is neither counts as changed.
 */
export function rangeApplies(headers: HeaderMap, object: Validators): boolean {
  const text = headers.get('if-range');
  if (text === undefined) return true;
  const at = parseHttpDate(text.trim());
  if (at !== undefined) return at === wholeSeconds(object.lastModified);
  return matchesStrongly(parseEtagPattern(text), object.etag);
}

type ConditionName = 'If-Match' | 'If-Unmodified-Since' | 'If-None-Match' | 'If-Modified-Since';

function failedCondition(conditions: ReadConditions, object: Validators): ConditionName | undefined {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  const modified = wholeSeconds(object.lastModified);
  invariant(object.etag !== '', 'an object has an ETag');
  if (ifMatch !== undefined) {
    if (!matchesStrongly(ifMatch, object.etag)) return 'If-Match';
  } else if (ifUnmodifiedSince !== undefined && modified > ifUnmodifiedSince) return 'If-Unmodified-Since';
  if (ifNoneMatch !== undefined) return matchesWeakly(ifNoneMatch, object.etag) ? 'If-None-Match' : undefined;
  return ifModifiedSince !== undefined && modified <= ifModifiedSince ? 'If-Modified-Since' : undefined;
}

function preconditionFailed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', { fields: { Condition: condition } });
}

function pattern<K extends string>(name: K, text: string | undefined): Partial<Record<K, EtagPattern>> {
  const parsed = text === undefined ? [] : parseEtagPattern(text);
  return parsed.length === 0 ? {} : record(name, parsed);
}

function date<K extends string>(name: K, text: string | undefined): Partial<Record<K, WallMs>> {
  const at = text === undefined ? undefined : parseHttpDate(text.trim());
  return at === undefined ? {} : record(name, at);
}

function strictDate<K extends string>(name: K, header: string, headers: HeaderMap): Partial<Record<K, WallMs>> {
  const text = headers.get(header)?.trim();
  if (text === undefined) return {};
  // The SDKs write the second form in some languages.
  const at = parseHttpDate(text) ?? parseIsoDate(text);
  if (at === undefined) {
    throw new S3Error('InvalidArgument', {
      message: `${header} is not a date; write it like Sun, 06 Nov 1994 08:49:37 GMT`,
      fields: { ArgumentName: header, ArgumentValue: text },
    });
  }
  return record(name, at);
}

function record<K extends string, V>(name: K, value: V): Partial<Record<K, V>> {
  const made: Partial<Record<K, V>> = {};
  made[name] = value;
  return made;
}
