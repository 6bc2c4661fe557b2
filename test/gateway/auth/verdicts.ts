/** Requests to authenticate, signed in either place, and what is asked of the verdict. */
import assert from 'node:assert/strict';
import type { WallMs } from '../../../base/instants.js';
import { wallMs } from '../../../base/instants.js';
import type { Authentication, AuthenticateContext, SignedParts } from '../../../gateway/auth/authenticate.js';
import { authenticate } from '../../../gateway/auth/authenticate.js';
import type { Credentials } from '../../../gateway/auth/credentials.js';
import { SigningKeyCache } from '../../../gateway/auth/signing-key.js';
import { S3Error } from '../../../gateway/s3-error.js';
import type { S3ErrorCode } from '../../../gateway/s3-error-codes.js';
import { authorizationOf, exampleKeys, exampleScope, sha256, signatureOf } from './signer.js';

/** The instant of `exampleScope`. */
export const at = wallMs(1_369_353_600_000);
export const emptyHash = sha256('');
const users: readonly Credentials<string>[] = [
  { ...exampleKeys, identity: 'user', isSuspended: false },
  { accessKey: 'SUSPENDED', secretKey: 's1', identity: 'suspended', isSuspended: true },
  { accessKey: 'TEMPORARY', secretKey: 's2', identity: 'temporary', isSuspended: false, sessionToken: 'token' },
  {
    accessKey: 'EXPIRED',
    secretKey: 's3',
    identity: 'expired',
    isSuspended: false,
    sessionToken: 'token',
    expiresAt: at,
  },
  { accessKey: 'with/slashes', secretKey: 's4', identity: 'slashes', isSuspended: false },
];

const context: AuthenticateContext<string> = {
  region: 'us-east-1',
  service: 's3',
  maxSkewMs: 900_000,
  keys: new SigningKeyCache(),
  lookUp: async (accessKey) => users.find((user) => user.accessKey === accessKey),
};

export interface Case {
  readonly headers?: Readonly<Record<string, string>>;
  readonly unsigned?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly keys?: { readonly accessKey: string; readonly secretKey: string };
  readonly scope?: Partial<typeof exampleScope>;
  readonly payloadHash?: string;
  /** Changes the header once it has been made. */
  readonly change?: (header: string) => string;
}

export function keysOf(accessKey: string): { readonly accessKey: string; readonly secretKey: string } {
  const user = users.find((one) => one.accessKey === accessKey);
  assert.ok(user);
  return user;
}

/** Signed in the header. */
export function byHeader({
  headers,
  unsigned,
  query = '',
  keys = exampleKeys,
  scope,
  change,
  payloadHash,
}: Case): SignedParts {
  const parts = { method: 'GET', path: '/b/k', query, payloadHash: payloadHash ?? emptyHash };
  const whole = { ...exampleScope, ...scope };
  const signed = headers ?? { host: 'h', 'x-amz-content-sha256': emptyHash, 'x-amz-date': exampleScope.stamp };
  const header = authorizationOf({ ...parts, headers: signed }, keys, whole);
  const all = { ...signed, ...unsigned, authorization: change === undefined ? header : change(header) };
  return { method: 'GET', target: `/b/k${query === '' ? '' : `?${query}`}`, headers: new Map(Object.entries(all)) };
}

/** Presigned; `parameters` in place of the usual ones, undefined for leaving one out. */
export function byQuery(
  parameters: Readonly<Record<string, string | undefined>> = {},
  { headers = { host: 'h' }, unsigned, keys = exampleKeys, payloadHash = 'UNSIGNED-PAYLOAD' }: Case = {},
): SignedParts {
  const all: Readonly<Record<string, string | undefined>> = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${keys.accessKey}/20130524/us-east-1/s3/aws4_request`,
    'X-Amz-Date': exampleScope.stamp,
    'X-Amz-Expires': '600',
    'X-Amz-SignedHeaders': Object.keys(headers).sort().join(';'),
    ...parameters,
  };
  const query = Object.keys(all)
    .sort()
    .flatMap((name) => (all[name] === undefined ? [] : [`${name}=${encodeURIComponent(all[name])}`]))
    .join('&');
  const signature = signatureOf({ method: 'GET', path: '/b/k', query, headers, payloadHash }, keys, exampleScope);
  const target = 'X-Amz-Signature' in parameters ? `/b/k?${query}` : `/b/k?${query}&X-Amz-Signature=${signature}`;
  return { method: 'GET', target, headers: new Map(Object.entries({ ...headers, ...unsigned })) };
}

export function ask(
  request: SignedParts,
  now: WallMs = at,
  more: Partial<typeof context> = {},
): Promise<Authentication<string>> {
  return authenticate(request, now, { ...context, ...more });
}

export async function refused(asked: Promise<unknown>, code: S3ErrorCode): Promise<S3Error> {
  const error = await asked.then(
    (found) => assert.fail(`accepted: ${JSON.stringify(found)}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof S3Error, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

export async function identityOf(asked: Promise<Authentication<string>>): Promise<string> {
  const found = await asked;
  assert.equal(found.kind, 'signed');
  return found.kind === 'signed' ? found.identity : '';
}

export const usual = { host: 'h', 'x-amz-content-sha256': emptyHash, 'x-amz-date': exampleScope.stamp };
