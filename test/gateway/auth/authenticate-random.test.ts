/** Requests made or spoilt at random: never anything but a verdict. `RUNS=100000` tries so many. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { wallMs } from '../../../base/instants.js';
import type { SignedParts } from '../../../gateway/auth/authenticate.js';
import { authenticate } from '../../../gateway/auth/authenticate.js';
import { SigningKeyCache } from '../../../gateway/auth/signing-key.js';
import { S3Error } from '../../../gateway/s3-error.js';
import { boxed } from '../random-inputs.js';
import { authorizationOf, exampleKeys, exampleScope, sha256, signatureOf } from './signer.js';

const now = wallMs(1_369_353_600_000);
const context = {
  region: 'us-east-1',
  service: 's3',
  maxSkewMs: 900_000,
  keys: new SigningKeyCache(),
  lookUp: async (accessKey: string) =>
    accessKey === exampleKeys.accessKey ? { ...exampleKeys, identity: 'user', isSuspended: false } : undefined,
};

const headers = { host: 'h', 'x-amz-content-sha256': sha256(''), 'x-amz-date': exampleScope.stamp };
const signedByHeader = {
  target: '/b/k?acl=',
  authorization: authorizationOf(
    { method: 'GET', path: '/b/k', query: 'acl=', headers, payloadHash: sha256('') },
    exampleKeys,
    exampleScope,
  ),
};
const query =
  `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${exampleKeys.accessKey}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request` +
  `&X-Amz-Date=${exampleScope.stamp}&X-Amz-Expires=600&X-Amz-SignedHeaders=host`;
const urlSignature = signatureOf(
  { method: 'GET', path: '/b/k', query, headers: { host: 'h' }, payloadHash: 'UNSIGNED-PAYLOAD' },
  exampleKeys,
  exampleScope,
);
const presigned = `/b/k?${query}&X-Amz-Signature=${urlSignature}`;

async function verdictOf(request: SignedParts): Promise<string> {
  try {
    return (await authenticate(request, now, context)).kind;
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
}

const words = fc.constantFrom(
  '/',
  '?',
  '&',
  '=',
  '%',
  '%41',
  '%2',
  '+',
  ',',
  ';',
  ' ',
  'X-Amz-Signature=',
  'X-Amz-Algorithm=',
  'AWS4-HMAC-SHA256 ',
  'Credential=',
  'SignedHeaders=',
  'Signature=',
  'host',
  '20130524',
  'aws4_request',
  exampleKeys.accessKey,
  '\u00ff',
  '',
);
const text = fc
  .array(fc.oneof(words, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 15 })
  .map((parts) => parts.join(''));
const spoilt = (whole: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat(whole.length), fc.nat(4), fc.oneof(words, fc.string({ unit: 'binary', maxLength: 2 })))
    .map(([at, remove, insert]) => whole.slice(0, at) + insert + whole.slice(at + remove));

describe('a request', () => {
  it('is signed before anything of it is spoilt', async () => {
    const { target, authorization } = signedByHeader;
    const all = new Map(Object.entries({ ...headers, authorization }));
    assert.equal(await verdictOf({ method: 'GET', target, headers: all }), 'signed');
    assert.equal(await verdictOf({ method: 'GET', target: presigned, headers: new Map([['host', 'h']]) }), 'signed');
  });

  it('with anything else for its credentials, dates, hash and target gets a verdict, and none is taken for signed', async () => {
    const parts = fc.record(
      { target: text, authorization: text, date: text, hash: text, token: text },
      { requiredKeys: ['target'] },
    );
    await fc.assert(
      fc.asyncProperty(parts, async ({ target, authorization, date, hash, token }) => {
        const all = new Map<string, string>([['host', 'h']]);
        if (authorization !== undefined) all.set('authorization', authorization);
        if (date !== undefined) all.set('x-amz-date', date);
        if (hash !== undefined) all.set('x-amz-content-sha256', hash);
        if (token !== undefined) all.set('x-amz-security-token', token);
        assert.notEqual(await verdictOf({ method: 'GET', target: `/${target}`, headers: all }), 'signed');
      }),
      boxed(3000),
    );
  });

  it('with its header spoilt is signed only if it still says the same', async () => {
    await fc.assert(
      fc.asyncProperty(spoilt(signedByHeader.authorization), async (authorization) => {
        const all = new Map(Object.entries({ ...headers, authorization }));
        const verdict = await verdictOf({ method: 'GET', target: signedByHeader.target, headers: all });
        const isSame =
          authorization.startsWith('AWS4-HMAC-SHA256 ') &&
          authorization.replace(/[\s,]+/g, '') === signedByHeader.authorization.replace(/[\s,]+/g, '');
        if (verdict === 'signed') assert.ok(isSame, authorization);
        else assert.notEqual(verdict, 'anonymous');
      }),
      boxed(3000),
    );
  });

  it('with its presigned URL spoilt is signed only if it still says the same', async () => {
    const plain = (target: string): string | undefined => {
      try {
        return decodeURIComponent(target)
          .replace(/([?&])&+/g, '$1')
          .replace(/&$/, '');
      } catch {
        return undefined;
      }
    };
    await fc.assert(
      fc.asyncProperty(spoilt(presigned), async (target) => {
        const verdict = await verdictOf({ method: 'GET', target, headers: new Map([['host', 'h']]) });
        if (verdict === 'signed') assert.equal(plain(target), plain(presigned));
      }),
      boxed(3000),
    );
  });
});
