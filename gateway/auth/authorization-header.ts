import { S3Error } from '../s3-error.js';
import type { Claims, ExpectedScope } from './claims.js';
import { parseCredential, parseSignedHeaders } from './claims.js';
import { signatureAlgorithm } from './string-to-sign.js';

/**
 * `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, in any order, with or without spaces behind the commas. Throws
 * `AuthorizationHeaderMalformed` (with `<Region>`, by which clients find the right one), `InvalidRequest` for other versions of AWS's
 * signatures and `InvalidArgument` for what is none.
 */
export function parseAuthorizationHeader(value: string, expected: ExpectedScope): Claims {
  const space = value.indexOf(' ');
  const scheme = space === -1 ? value : value.slice(0, space);
  if (scheme !== signatureAlgorithm) throw unsupportedScheme(scheme, value);
  const components = componentsOf(value.slice(space + 1));
  const component = (name: string): string => {
    const text = components.get(name);
    if (text === undefined || text === '') throw malformed(`it lacks ${name}`);
    return text;
  };
  const credential = component('Credential');
  const signedHeaders = component('SignedHeaders');
  const signature = component('Signature');
  const { accessKey, scope } = parseCredential(credential, expected, malformed);
  return { accessKey, scope, signedHeaders: parseSignedHeaders(signedHeaders, malformed), signature };
}

function componentsOf(text: string): ReadonlyMap<string, string> {
  const components = new Map<string, string>();
  for (const piece of text.split(',')) {
    const component = piece.trim();
    const equals = component.indexOf('=');
    if (equals === -1) throw malformed(`its component '${component}' has no '='`);
    const name = component.slice(0, equals);
    if (components.has(name)) throw malformed(`it has ${name} twice`);
    components.set(name, component.slice(equals + 1));
  }
  return components;
}

function malformed(detail: string, fields: Readonly<Record<string, string>> = {}): S3Error {
  const message = `The authorization header is malformed; ${detail}.`;
  return new S3Error('AuthorizationHeaderMalformed', { message, fields });
}

function unsupportedScheme(scheme: string, value: string): S3Error {
  if (scheme === 'AWS') return unsupportedVersion('Signature Version 2');
  if (scheme.startsWith('AWS4-ECDSA')) return unsupportedVersion('Signature Version 4A');
  return new S3Error('InvalidArgument', {
    message: `Unsupported authorization type; use ${signatureAlgorithm}.`,
    fields: { ArgumentName: 'Authorization', ArgumentValue: value },
  });
}

export function unsupportedVersion(version: string): S3Error {
  return new S3Error('InvalidRequest', {
    message: `${version} is not supported here; sign with Signature Version 4 (${signatureAlgorithm}).`,
  });
}
