/**
 * What a signature covers of a request, in one text (AWS, "Create a signed AWS API request"): method, path, query, the signed headers
 * with their values, their names, and the hash of the body. S3's rule for the path is its own: encoded once, and not normalised.
 */
import type { HeaderMap } from '../http/request.js';
import { S3Error } from '../s3-error.js';
import { canonicalPath, canonicalQueryText } from './uri-encoding.js';

/** Name and value in their canonical spelling; a parameter without `=` has an empty value. */
export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

export interface CanonicalTarget {
  readonly path: string;
  /** By the bytes of the name, then of the value. */
  readonly parameters: readonly QueryParameter[];
}

export interface CanonicalParts extends CanonicalTarget {
  readonly method: string;
  readonly headers: HeaderMap;
  /** In the order of the client's list, which should be that of their bytes. */
  readonly signedHeaders: readonly string[];
  /** Hexadecimal SHA-256 of the body, or the word that stands for it, such as `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
}

/** Throws `InvalidURI`. */
export function canonicalTarget(target: string): CanonicalTarget {
  const mark = target.indexOf('?');
  const path = canonicalPath(mark === -1 ? target : target.slice(0, mark));
  if (path !== '' && !path.startsWith('/')) {
    throw new S3Error('InvalidURI', { message: 'The URI cannot be parsed: its path does not start with a slash.' });
  }
  return { path: path === '' ? '/' : path, parameters: mark === -1 ? [] : canonicalParameters(target.slice(mark + 1)) };
}

/** Query parameters named `X-Amz-Signature` are left out: they hold the signature. A signed header that is missing counts as empty. */
export function canonicalRequest(parts: CanonicalParts): string {
  const { method, path, parameters, headers, signedHeaders, payloadHash } = parts;
  let query = '';
  for (const { name, value } of parameters) {
    if (name === 'X-Amz-Signature') continue;
    query += query === '' ? `${name}=${value}` : `&${name}=${value}`;
  }
  let lines = '';
  for (const name of signedHeaders) lines += `${name}:${canonicalValue(headers.get(name) ?? '')}\n`;
  return `${method}\n${path}\n${query}\n${lines}\n${signedHeaders.join(';')}\n${payloadHash}`;
}

function canonicalParameters(query: string): QueryParameter[] {
  const parameters: QueryParameter[] = [];
  for (const piece of query.split('&')) {
    if (piece === '') continue;
    const equals = piece.indexOf('=');
    const name = canonicalQueryText(equals === -1 ? piece : piece.slice(0, equals));
    parameters.push({ name, value: equals === -1 ? '' : canonicalQueryText(piece.slice(equals + 1)) });
  }
  // By name first: `a-b` comes after `a`, whereas `a-b=` comes before `a=`.
  return parameters.sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value));
}

/** Without spaces at its ends; those inside are folded into one. */
function canonicalValue(value: string): string {
  return value.trim().replace(/[\t\n\v\f\r ]+/g, ' ');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
