/** What a request says of who signed it, in the `Authorization` header and in presigned URLs alike. Nothing of it is proven yet. */
import type { S3Error } from '../s3-error.js';
import type { CredentialScope } from './credential-scope.js';
import { scopeTerminal } from './credential-scope.js';

export interface Claims {
  readonly accessKey: string;
  readonly scope: CredentialScope;
  /** Names in lower case, each once. */
  readonly signedHeaders: readonly string[];
  /** As it came: only the right one has 64 hexadecimal digits for sure. */
  readonly signature: string;
}

/** Of the endpoint: what a credential must be for. */
export interface ExpectedScope {
  readonly region: string;
  readonly service: string;
}

/** Makes the error of the header, or that of the presigned URL, from what is wrong: a sentence without its full stop. */
export type Refuse = (detail: string, fields?: Readonly<Record<string, string>>) => S3Error;

/** `AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request`; the access key may hold slashes. */
export function parseCredential(
  text: string,
  expected: ExpectedScope,
  refuse: Refuse,
): Pick<Claims, 'accessKey' | 'scope'> {
  const parts = text.split('/');
  const [terminal, service, region, date] = [parts.pop(), parts.pop(), parts.pop(), parts.pop()];
  if (terminal === undefined || service === undefined || region === undefined || date === undefined) {
    throw refuse('the credential must be <access key>/<yyyymmdd>/<region>/<service>/aws4_request');
  }
  const accessKey = parts.join('/');
  if (accessKey === '') throw refuse('the credential lacks an access key');
  if (!/^\d{8}$/.test(date)) throw refuse(`the date of the credential must be yyyymmdd, not '${date}'`);
  if (terminal !== scopeTerminal) throw refuse(`the credential must end with '${scopeTerminal}', not '${terminal}'`);
  if (service !== expected.service) {
    throw refuse(`the service '${service}' is wrong; expecting '${expected.service}'`);
  }
  if (region !== expected.region) {
    throw refuse(`the region '${region}' is wrong; expecting '${expected.region}'`, { Region: expected.region });
  }
  return { accessKey, scope: { date, region, service } };
}

/** `host;range;x-amz-date`. */
export function parseSignedHeaders(text: string, refuse: Refuse): readonly string[] {
  const names = text.split(';');
  if (!names.every((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && name === name.toLowerCase())) {
    throw refuse('the signed headers must be names in lower case, separated by semicolons');
  }
  if (new Set(names).size !== names.length) throw refuse('a signed header is named twice');
  return names;
}
