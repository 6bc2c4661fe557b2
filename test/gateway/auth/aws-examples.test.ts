/**
 * The examples that AWS publishes: "Signature Calculations for the Authorization Header" (single chunk, multiple chunks, trailing
 * headers) and "Using Query Parameters", all of them at 2013-05-24T00:00:00Z in us-east-1.
 */
import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import { authenticate } from '../../../gateway/auth/authenticate.js';
import { deriveSigningKey, SigningKeyCache } from '../../../gateway/auth/signing-key.js';
import { openPayload } from '../../../gateway/body/payload.js';
import { isS3Error } from '../../../gateway/s3-error.js';
import { readAll, requestOf, sourceOf } from '../requests.js';
import { exampleKeys } from './signer.js';

const now = wallMs(1_369_353_600_000);
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const host = 'examplebucket.s3.amazonaws.com';

const context = {
  region: 'us-east-1',
  service: 's3',
  keys: new SigningKeyCache(),
  maxSkewMs: 900_000,
  lookUp: async (accessKey: string) =>
    accessKey === exampleKeys.accessKey ? { ...exampleKeys, identity: 'example', isSuspended: false } : undefined,
};

function authorization(signedHeaders: string, signature: string): string {
  const credential = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
  return `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${signedHeaders},Signature=${signature}`;
}

const plain = [
  {
    name: 'GET Object',
    method: 'GET',
    target: '/test.txt',
    headers: { range: 'bytes=0-9', 'x-amz-content-sha256': emptyHash },
    signedHeaders: 'host;range;x-amz-content-sha256;x-amz-date',
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    name: 'PUT Object',
    method: 'PUT',
    target: '/test$file.text',
    headers: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    },
    signedHeaders: 'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  {
    name: 'GET Bucket Lifecycle',
    method: 'GET',
    target: '/?lifecycle',
    headers: { 'x-amz-content-sha256': emptyHash },
    signedHeaders: 'host;x-amz-content-sha256;x-amz-date',
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  {
    name: 'Get Bucket (List Objects)',
    method: 'GET',
    target: '/?max-keys=2&prefix=J',
    headers: { 'x-amz-content-sha256': emptyHash },
    signedHeaders: 'host;x-amz-content-sha256;x-amz-date',
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
];

const chunked = [
  {
    name: 'PUT Object in chunks',
    mode: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    headers: { 'content-length': '66824' },
    signedHeaders:
      'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
    signatures: [
      '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ],
    trailers: {},
    end: '\r\n',
  },
  {
    name: 'PUT Object in chunks with a trailer',
    mode: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    headers: { 'x-amz-trailer': 'x-amz-checksum-crc32c' },
    signedHeaders:
      'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
    signatures: [
      '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ],
    trailers: { 'x-amz-checksum-crc32c': 'sOO8/Q==' },
    end:
      'x-amz-checksum-crc32c:sOO8/Q==\r\n' +
      'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n',
  },
];

describe('the published examples of Signature Version 4', () => {
  for (const c of plain) {
    const request = requestOf({
      method: c.method,
      target: c.target,
      headers: {
        ...c.headers,
        host,
        'x-amz-date': '20130524T000000Z',
        authorization: authorization(c.signedHeaders, c.signature),
      },
    });

    it(`${c.name} is from whom it says`, async () => {
      const found = await authenticate(request, now, context);
      assert.equal(found.kind, 'signed');
      assert.equal(found.kind === 'signed' && found.identity, 'example');
    });

    it(`${c.name} is refused when its path is another`, async () => {
      const other = { ...request, target: request.target.replace('/', '/x') };
      await assert.rejects(authenticate(other, now, context), (error) => isS3Error(error, 'SignatureDoesNotMatch'));
    });
  }

  it('the body of PUT Object is what its hash says', async () => {
    const payload = { kind: 'sha256', sha256: plain[1]?.headers['x-amz-content-sha256'] ?? '' } as const;
    const body = sourceOf([Buffer.from('Welcome to '), Buffer.from('Amazon S3.')]);
    const opened = openPayload({ headers: new Map(), body }, { kind: 'anonymous', payload });
    assert.equal((await readAll(opened.bytes)).toString(), 'Welcome to Amazon S3.');
  });

  it('a presigned URL is from whom it says, for a day', async () => {
    const target =
      '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
      '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
      '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
    const request = requestOf({ target, headers: { host } });
    const found = await authenticate(request, wallMs(now + 86_400_000), context);
    assert.equal(found.kind === 'signed' && found.by, 'query');
    assert.deepEqual(found.payload, { kind: 'unsigned' });
  });

  for (const c of chunked) {
    it(`${c.name}: every signature is right`, async () => {
      const [seed = '', first = '', second = '', last = ''] = c.signatures;
      const body = [
        `10000;chunk-signature=${first}\r\n${'a'.repeat(65_536)}\r\n`,
        `400;chunk-signature=${second}\r\n${'a'.repeat(1024)}\r\n`,
        `0;chunk-signature=${last}\r\n${c.end}`,
      ];
      const request = requestOf({
        method: 'PUT',
        target: '/examplebucket/chunkObject.txt',
        headers: {
          ...c.headers,
          host: 's3.amazonaws.com',
          'content-encoding': 'aws-chunked',
          'x-amz-content-sha256': c.mode,
          'x-amz-date': '20130524T000000Z',
          'x-amz-decoded-content-length': '66560',
          'x-amz-storage-class': 'REDUCED_REDUNDANCY',
          authorization: authorization(c.signedHeaders, seed),
        },
        pieces: body.map((text) => Buffer.from(text)),
      });
      const found = await authenticate(request, now, context);
      const payload = openPayload(request, found);
      assert.equal(payload.length, 66_560);
      assert.equal((await readAll(payload.bytes)).toString(), 'a'.repeat(66_560));
      assert.deepEqual(Object.fromEntries(payload.trailers()), c.trailers);
    });
  }

  it('a signing key is that of the description', () => {
    const scope = { date: '20150830', region: 'us-east-1', service: 'iam' };
    const key = deriveSigningKey('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', scope);
    assert.equal(Buffer.from(key).toString('hex'), 'c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9');
  });
});
