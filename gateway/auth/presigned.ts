/** Signatures in the query, `X-Amz-…`: a URL that whoever holds it may use, for a time. */
import type { WallMs } from '../../base/instants.js';
import { wallMs } from '../../base/instants.js';
import { S3Error } from '../s3-error.js';
import { unsupportedVersion } from './authorization-header.js';
import type { QueryParameter } from './canonical-request.js';
import type { Claims, ExpectedScope } from './claims.js';
import { parseCredential, parseSignedHeaders } from './claims.js';
import type { RequestTime } from './request-time.js';
import { parseStamp, secondsText } from './request-time.js';
import { signatureAlgorithm } from './string-to-sign.js';
import { queryTextOf } from './uri-encoding.js';

export interface PresignedClaims extends Claims {
  readonly time: RequestTime;
  /** From `time` on. */
  readonly expiresSeconds: number;
  readonly sessionToken: string | undefined;
  /** `X-Amz-Content-Sha256`, which some clients move here from the headers. */
  readonly payload: string | undefined;
}

/** A week. */
const expiresSecondsMax = 604_800;

const required = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
];

const known: ReadonlySet<string> = new Set([...required, 'X-Amz-Content-Sha256', 'X-Amz-Security-Token']);

/** Each of these says that a signature is meant; one that lacks the others is refused instead of taken for anonymous. */
const telltale: ReadonlySet<string> = new Set(['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature']);

export function isPresigned(parameters: readonly QueryParameter[]): boolean {
  return parameters.some(({ name }) => telltale.has(name));
}

/** The query of Signature Version 2: `AWSAccessKeyId`, `Signature`, `Expires`. */
export function isPresignedByVersion2(parameters: readonly QueryParameter[]): boolean {
  return parameters.some(({ name }) => name === 'AWSAccessKeyId');
}

/** Throws `AuthorizationQueryParametersError`, with `<Region>` where that is wrong, and `InvalidRequest` for Signature Version 4A. */
export function parsePresigned(parameters: readonly QueryParameter[], expected: ExpectedScope): PresignedClaims {
  const values = signatureParameters(parameters);
  const value = (name: string): string => values.get(name) ?? '';
  const algorithm = value('X-Amz-Algorithm');
  if (algorithm.startsWith('AWS4-ECDSA')) throw unsupportedVersion('Signature Version 4A');
  if (required.some((name) => value(name) === '')) throw refuse(`a presigned URL needs ${required.join(', ')}`);
  if (algorithm !== signatureAlgorithm) throw refuse(`X-Amz-Algorithm must be ${signatureAlgorithm}`);
  const time = parseStamp(value('X-Amz-Date'));
  if (time === undefined) throw refuse('X-Amz-Date must be of the form yyyymmddThhmmssZ');
  const { accessKey, scope } = parseCredential(value('X-Amz-Credential'), expected, refuseCredential);
  return {
    accessKey,
    scope,
    signedHeaders: parseSignedHeaders(value('X-Amz-SignedHeaders'), refuse),
    signature: value('X-Amz-Signature'),
    time,
    expiresSeconds: parseExpires(value('X-Amz-Expires')),
    sessionToken: values.get('X-Amz-Security-Token'),
    payload: values.get('X-Amz-Content-Sha256'),
  };
}

/** Throws `AccessDenied` before and after the time for which the URL is good. `maxSkewMs`: how far the signer's clock may be ahead. */
export function checkExpiry({ time, expiresSeconds }: PresignedClaims, now: WallMs, maxSkewMs: number): void {
  const end = wallMs(time.at + expiresSeconds * 1000);
  if (time.at > now + maxSkewMs) {
    throw new S3Error('AccessDenied', {
      message: 'The request is not valid yet.',
      fields: { 'X-Amz-Date': time.text, ServerTime: secondsText(now) },
    });
  }
  if (now > end) {
    throw new S3Error('AccessDenied', {
      message: 'Request has expired',
      fields: { 'X-Amz-Expires': String(expiresSeconds), Expires: secondsText(end), ServerTime: secondsText(now) },
    });
  }
}

function parseExpires(text: string): number {
  const seconds = Number(text);
  if (!/^-?\d{1,15}$/.test(text)) throw refuse('X-Amz-Expires must be a number of seconds');
  if (seconds < 1 || seconds > expiresSecondsMax) {
    throw refuse(`X-Amz-Expires must be from 1 to ${expiresSecondsMax} seconds, a week`);
  }
  return seconds;
}

/** Decoded, by name; one that comes twice could mean one thing to us and another to who checks it elsewhere. */
function signatureParameters(parameters: readonly QueryParameter[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { name, value } of parameters) {
    if (!known.has(name)) continue;
    if (values.has(name)) throw refuse(`${name} is given twice`);
    const text = queryTextOf(value);
    if (text === undefined) throw refuse(`${name} is not UTF-8`);
    values.set(name, text);
  }
  return values;
}

function refuseCredential(detail: string, fields?: Readonly<Record<string, string>>): S3Error {
  return refuse(`X-Amz-Credential cannot be used; ${detail}`, fields);
}

function refuse(detail: string, fields: Readonly<Record<string, string>> = {}): S3Error {
  const message = `The presigned URL is malformed; ${detail}.`;
  return new S3Error('AuthorizationQueryParametersError', { message, fields });
}
