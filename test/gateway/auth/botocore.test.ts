/** Requests that botocore signed (`golden/`) are found to be right, and wrong with anything of them changed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { wallMs } from '../../../base/instants.js';
import { authenticate, type AuthenticateContext } from '../../../gateway/auth/authenticate.js';
import { SigningKeyCache } from '../../../gateway/auth/signing-key.js';
import { openPayload } from '../../../gateway/body/payload.js';
import { isS3Error } from '../../../gateway/s3-error.js';
import { readAll, requestOf } from '../requests.js';
import { sha256 } from './signer.js';

interface GoldenRequest {
  readonly name: string;
  readonly service: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
  readonly nowMs: number;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

// Compiled to dist/test/gateway/auth/, while the data stays in test/gateway/auth/golden/.
const file = new URL('../../../../test/gateway/auth/golden/requests.json', import.meta.url);
const { requests } = JSON.parse(readFileSync(file, 'utf8')) as { readonly requests: readonly GoldenRequest[] };

const keys = new SigningKeyCache();

function bodyOf(golden: GoldenRequest): Uint8Array {
  return golden.body === '' ? Buffer.alloc(0) : inflateSync(Buffer.from(golden.body, 'base64'));
}

function contextOf(golden: GoldenRequest): AuthenticateContext<string> {
  const { region, service, accessKey, secretKey, sessionToken } = golden;
  const credentials = { accessKey, secretKey, identity: 'golden', isSuspended: false };
  return {
    region,
    service,
    keys,
    maxSkewMs: 900_000,
    lookUp: async (name) =>
      name === accessKey ? { ...credentials, ...(sessionToken === undefined ? {} : { sessionToken }) } : undefined,
    ...(service === 's3' ? {} : { bodySha256: sha256(bodyOf(golden)) }),
  };
}

function signatureChanged(golden: GoldenRequest): GoldenRequest {
  const change = (text: string): string =>
    text.replace(/(Signature=)([\da-f])/, (_all, name: string, digit: string) => name + (digit === '0' ? '1' : '0'));
  const { authorization } = golden.headers;
  if (authorization === undefined) return { ...golden, target: change(golden.target) };
  return { ...golden, headers: { ...golden.headers, authorization: change(authorization) } };
}

const changes: readonly { readonly name: string; readonly make: (golden: GoldenRequest) => GoldenRequest }[] = [
  { name: 'another signature', make: signatureChanged },
  { name: 'another method', make: (golden) => ({ ...golden, method: golden.method === 'GET' ? 'PUT' : 'GET' }) },
  { name: 'another path', make: (golden) => ({ ...golden, target: golden.target.replace('/', '/%00') }) },
  {
    name: 'one more parameter',
    make: (golden) => ({ ...golden, target: golden.target + (golden.target.includes('?') ? '&x' : '?x') }),
  },
  { name: 'another host', make: (golden) => ({ ...golden, headers: { ...golden.headers, host: 'elsewhere' } }) },
];

describe('requests signed by botocore', () => {
  it('are all there', () => assert.ok(requests.length >= 75));

  for (const golden of requests) {
    it(`${golden.name}: is from whom it says, and so is its body`, async () => {
      const body = bodyOf(golden);
      const request = requestOf({ ...golden, pieces: [body] });
      const found = await authenticate(request, wallMs(golden.nowMs), contextOf(golden));
      assert.equal(found.kind === 'signed' && found.identity, 'golden');
      const payload = openPayload(request, found);
      const bytes = await readAll(payload.bytes);
      if (found.payload.kind === 'unsigned-chunks') {
        assert.equal(bytes.byteLength, payload.length);
        assert.deepEqual([...payload.trailers().keys()], [golden.headers['x-amz-trailer']]);
      } else {
        assert.deepEqual(bytes, Buffer.from(body));
      }
    });

    it(`${golden.name}: nothing of it can be changed`, async () => {
      for (const change of changes) {
        const request = requestOf(change.make(golden));
        await assert.rejects(
          authenticate(request, wallMs(golden.nowMs), contextOf(golden)),
          (error) => isS3Error(error, 'SignatureDoesNotMatch'),
          change.name,
        );
      }
    });
  }
});
