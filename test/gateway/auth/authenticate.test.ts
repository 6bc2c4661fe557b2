import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import type { SignedParts } from '../../../gateway/auth/authenticate.js';
import { S3Error } from '../../../gateway/s3-error.js';
import type { S3ErrorCode } from '../../../gateway/s3-error-codes.js';
import { exampleKeys, exampleScope, hmacOf, sha256 } from './signer.js';
import { ask, at, byHeader, byQuery, emptyHash, identityOf, keysOf, refused, usual, type Case } from './verdicts.js';

describe('a request without credentials', () => {
  const request = (headers: Readonly<Record<string, string>>, target = '/b/k'): SignedParts => ({
    method: 'PUT',
    target,
    headers: new Map(Object.entries(headers)),
  });

  it('is anonymous', async () => {
    const found = await ask(request({ host: 'h', 'x-amz-acl': 'private', 'x-amz-date': 'nonsense' }));
    assert.deepEqual(found, { kind: 'anonymous', payload: { kind: 'unsigned' } });
  });

  it('may say how its body is framed, or its hash', async () => {
    const framed = await ask(request({ 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' }));
    assert.equal(framed.payload.kind, 'unsigned-chunks');
    const hashed = await ask(request({ 'x-amz-content-sha256': emptyHash.toUpperCase() }));
    assert.deepEqual(hashed.payload, { kind: 'sha256', sha256: emptyHash });
  });

  it('cannot sign chunks', async () => {
    await refused(ask(request({ 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' })), 'InvalidRequest');
  });

  it('is refused when its target is none', async () => {
    await refused(ask(request({}, '/%')), 'InvalidURI');
  });
});

describe('the Authorization header', () => {
  const accepted: readonly (Case & { readonly name: string })[] = [
    { name: 'spaces behind its commas' },
    { name: 'no spaces behind its commas', change: (header) => header.replaceAll(', ', ',') },
    { name: 'many spaces around its commas', change: (header) => header.replaceAll(', ', '  ,   ') },
    {
      name: 'its components in another order',
      change: (header) => header.replace(/(Credential=\S+), (SignedHeaders=\S+), (.*)/, '$3, $2, $1'),
    },
    { name: 'an access key with slashes', keys: keysOf('with/slashes') },
    { name: 'more headers that are not signed', unsigned: { 'content-type': 'a/b', 'user-agent': 'x' } },
    { name: 'a query', query: 'acl=&x-id=GetObject' },
    {
      name: 'the Date header alone',
      headers: { host: 'h', 'x-amz-content-sha256': emptyHash, date: 'Fri, 24 May 2013 00:00:00 GMT' },
    },
    {
      name: 'the Date header of RFC 850',
      headers: { host: 'h', 'x-amz-content-sha256': emptyHash, date: 'Friday, 24-May-13 00:00:00 GMT' },
    },
    {
      name: 'the Date header of asctime',
      headers: { host: 'h', 'x-amz-content-sha256': emptyHash, date: 'Fri May 24 00:00:00 2013' },
    },
    {
      name: 'the Date header in the basic format, not signed',
      headers: { host: 'h', 'x-amz-content-sha256': emptyHash },
      unsigned: { date: exampleScope.stamp },
    },
    {
      name: 'x-amz-date rather than Date',
      headers: { ...usual, date: 'Fri, 24 May 2012 00:00:00 GMT' },
    },
    {
      name: 'an HTTP date in x-amz-date',
      headers: { ...usual, 'x-amz-date': 'Fri, 24 May 2013 00:00:00 GMT' },
    },
  ];
  for (const c of accepted) {
    it(`is accepted with ${c.name}`, async () => {
      const expected = c.keys === undefined ? 'user' : 'slashes';
      assert.equal(await identityOf(ask(byHeader(c))), expected);
    });
  }

  it('tells all that is known of the request', async () => {
    const request = byHeader({});
    const found = await ask(request);
    assert.deepEqual(
      { ...found, seed: undefined },
      {
        kind: 'signed',
        by: 'header',
        accessKey: exampleKeys.accessKey,
        identity: 'user',
        signedAt: at,
        payload: { kind: 'sha256', sha256: emptyHash },
        seed: undefined,
      },
    );
    assert.ok(found.kind === 'signed');
    assert.equal(found.seed.stamp, exampleScope.stamp);
    assert.equal(found.seed.scope, '20130524/us-east-1/s3/aws4_request');
    assert.ok(request.headers.get('authorization')?.endsWith(found.seed.signature));
  });

  const malformed: readonly (Case & { readonly name: string; readonly says: RegExp })[] = [
    { name: 'lacks Credential', change: (h) => h.replace(/Credential=\S+ /, ''), says: /lacks Credential/ },
    { name: 'lacks SignedHeaders', change: (h) => h.replace(/SignedHeaders=\S+ /, ''), says: /lacks SignedHeaders/ },
    { name: 'lacks Signature', change: (h) => h.replace(/, Signature=.*/, ''), says: /lacks Signature/ },
    { name: 'has an empty Signature', change: (h) => h.replace(/Signature=.*/, 'Signature='), says: /lacks Signature/ },
    { name: 'has a component twice', change: (h) => `${h}, Signature=0`, says: /twice/ },
    { name: 'has a component without =', change: (h) => `${h}, nonsense`, says: /'nonsense' has no '='/ },
    { name: 'ends behind its scheme', change: () => 'AWS4-HMAC-SHA256', says: /no '='/ },
    { name: 'has a short credential', change: (h) => h.replace('/us-east-1', ''), says: /lacks an access key|must be/ },
    { name: 'has no access key', keys: { accessKey: '', secretKey: 'x' }, says: /lacks an access key/ },
    { name: 'is of no date', change: (h) => h.replace('20130524/', '2013-05-24/'), says: /yyyymmdd/ },
    { name: 'ends its credential otherwise', change: (h) => h.replace('aws4_request', 'aws5'), says: /aws4_request/ },
    { name: 'is for another service', scope: { service: 'iam' }, says: /'iam' is wrong; expecting 's3'/ },
    { name: 'is of another date than the request', scope: { stamp: '20130525T000000Z' }, says: /date/ },
    { name: 'names signed headers in upper case', change: (h) => h.replace('host;', 'Host;'), says: /lower case/ },
    { name: 'names a signed header twice', change: (h) => h.replace('host;', 'host;host;'), says: /twice/ },
    { name: 'has an empty name among them', change: (h) => h.replace('host;', 'host;;'), says: /names/ },
  ];
  for (const c of malformed) {
    it(`is malformed when it ${c.name}`, async () => {
      const error = await refused(ask(byHeader(c)), 'AuthorizationHeaderMalformed');
      assert.match(error.message, c.says);
      assert.deepEqual(error.fields, {});
    });
  }

  it('tells the right region when it is for another one', async () => {
    const error = await refused(ask(byHeader({ scope: { region: 'eu-west-1' } })), 'AuthorizationHeaderMalformed');
    assert.match(error.message, /'eu-west-1' is wrong; expecting 'us-east-1'/);
    assert.deepEqual(error.fields, { Region: 'us-east-1' });
  });

  const unsupported: readonly { readonly header: string; readonly code: S3ErrorCode; readonly says: RegExp }[] = [
    { header: 'AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=', code: 'InvalidRequest', says: /Version 2 is/ },
    { header: 'AWS4-ECDSA-P256-SHA256 Credential=x', code: 'InvalidRequest', says: /Version 4A is/ },
    { header: 'Bearer x', code: 'InvalidArgument', says: /type/ },
    { header: 'AWS4-HMAC-SHA1 Credential=x', code: 'InvalidArgument', says: /type/ },
    { header: '', code: 'InvalidArgument', says: /type/ },
  ];
  for (const c of unsupported) {
    it(`is refused when it is '${c.header}'`, async () => {
      const error = await refused(ask(byHeader({ change: () => c.header })), c.code);
      assert.match(error.message, c.says);
    });
  }

  it('is refused beside a signature in the query', async () => {
    const headers = new Map([...byQuery().headers, ['authorization', 'AWS4-HMAC-SHA256 x']]);
    const error = await refused(ask({ ...byQuery(), headers }), 'InvalidArgument');
    assert.deepEqual(error.fields, { ArgumentName: 'Authorization', ArgumentValue: 'AWS4-HMAC-SHA256 x' });
    await refused(ask({ method: 'GET', target: '/?AWSAccessKeyId=x', headers }), 'InvalidArgument');
  });
});

describe('the time of a signed request', () => {
  it('may be off by a quarter of an hour, both ways', async () => {
    for (const skewMs of [-900_000, 900_000])
      assert.equal(await identityOf(ask(byHeader({}), wallMs(at + skewMs))), 'user');
  });

  for (const skewMs of [-900_001, 900_001, 86_400_000]) {
    it(`is refused when it is off by ${skewMs} ms`, async () => {
      const error = await refused(ask(byHeader({}), wallMs(at + skewMs)), 'RequestTimeTooSkewed');
      assert.equal(error.status, 403);
      assert.equal(error.fields['RequestTime'], '20130524T000000Z');
      assert.match(error.fields['ServerTime'] ?? '', /^2013-05-2\dT\d\d:\d\d:\d\dZ$/);
      assert.equal(error.fields['MaxAllowedSkewMilliseconds'], '900000');
    });
  }

  for (const date of [
    undefined,
    '',
    'yesterday',
    '20130524',
    '20130524T000000',
    '20131324T000000Z',
    '20130524T250000Z',
  ]) {
    it(`is refused when it is ${date === undefined ? 'missing' : `'${date}'`}`, async () => {
      const headers = { host: 'h', 'x-amz-content-sha256': emptyHash };
      const request = byHeader({ headers: date === undefined ? headers : { ...headers, 'x-amz-date': date } });
      const error = await refused(ask(request), 'AccessDenied');
      assert.match(error.message, /x-amz-date/);
    });
  }
});

describe('signed headers', () => {
  it('must name host', async () => {
    const { host, ...rest } = usual;
    const error = await refused(ask(byHeader({ headers: rest, unsigned: { host } })), 'AccessDenied');
    assert.deepEqual(error.fields, { HeadersNotSigned: 'host' });
  });

  it('must name every x-amz- header that there is', async () => {
    const unsigned = { 'x-amz-acl': 'public-read', 'x-amz-meta-a': 'b', 'content-md5': 'x' };
    for (const request of [byHeader({ unsigned }), byQuery({}, { unsigned })]) {
      const error = await refused(ask(request), 'AccessDenied');
      assert.deepEqual(error.fields, { HeadersNotSigned: 'x-amz-acl, x-amz-meta-a' });
    }
  });

  it('count as empty where they are missing: a header that was there when it was signed is not taken away', async () => {
    const signed = byHeader({ headers: { ...usual, range: 'bytes=0-1' } });
    const headers = new Map([...signed.headers].filter(([name]) => name !== 'range'));
    await refused(ask({ ...signed, headers }), 'SignatureDoesNotMatch');
    const empty = byHeader({ headers: { ...usual, range: '' } });
    const without = new Map([...empty.headers].filter(([name]) => name !== 'range'));
    assert.equal(await identityOf(ask({ ...empty, headers: without })), 'user');
  });
});

describe('x-amz-content-sha256', () => {
  it('must be there', async () => {
    const error = await refused(
      ask(byHeader({ headers: { host: 'h', 'x-amz-date': exampleScope.stamp } })),
      'InvalidRequest',
    );
    assert.match(error.message, /x-amz-content-sha256/);
  });

  const modes = [
    { word: 'UNSIGNED-PAYLOAD', mode: { kind: 'unsigned' } },
    { word: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', mode: { kind: 'unsigned-chunks' } },
    { word: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', mode: { kind: 'signed-chunks', hasTrailer: false } },
    { word: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', mode: { kind: 'signed-chunks', hasTrailer: true } },
    { word: emptyHash, mode: { kind: 'sha256', sha256: emptyHash } },
  ];
  for (const { word, mode } of modes) {
    it(`may be ${word}`, async () => {
      const headers = { ...usual, 'x-amz-content-sha256': word };
      assert.deepEqual((await ask(byHeader({ headers, payloadHash: word }))).payload, mode);
    });
  }

  for (const word of [
    '',
    'nonsense',
    emptyHash.slice(1),
    `${emptyHash}0`,
    'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
  ]) {
    it(`may not be '${word}'`, async () => {
      const headers = { ...usual, 'x-amz-content-sha256': word };
      const error = await refused(ask(byHeader({ headers, payloadHash: word })), 'InvalidArgument');
      assert.deepEqual(error.fields, { ArgumentName: 'x-amz-content-sha256', ArgumentValue: word });
      assert.match(error.message, word.includes('ECDSA') ? /Version 4A/ : /SHA-256 in hexadecimal/);
    });
  }

  it('is not needed by other services: the caller has hashed the body', async () => {
    const headers = { host: 'h', 'x-amz-date': exampleScope.stamp };
    const bodySha256 = sha256('Action=ListUsers');
    const request = byHeader({ headers, scope: { service: 'iam' }, payloadHash: bodySha256 });
    assert.equal(await identityOf(ask(request, at, { service: 'iam', bodySha256 })), 'user');
    const other = { service: 'iam', bodySha256: sha256('Action=DeleteUser') };
    await refused(ask(request, at, other), 'SignatureDoesNotMatch');
  });
});

describe('credentials', () => {
  it('that do not exist are refused, and named', async () => {
    const error = await refused(ask(byHeader({ keys: { accessKey: 'NOBODY', secretKey: 'x' } })), 'InvalidAccessKeyId');
    assert.deepEqual(error.fields, { AWSAccessKeyId: 'NOBODY' });
    assert.equal(error.status, 403);
  });

  it('that are suspended are refused', async () => {
    const error = await refused(ask(byHeader({ keys: keysOf('SUSPENDED') })), 'InvalidAccessKeyId');
    assert.match(error.message, /suspended/);
  });

  const withToken = (token: string): Case => ({ headers: { ...usual, 'x-amz-security-token': token } });

  it('that are temporary come with their token, in the header or in the query', async () => {
    const keys = keysOf('TEMPORARY');
    assert.equal(await identityOf(ask(byHeader({ ...withToken('token'), keys }))), 'temporary');
    assert.equal(await identityOf(ask(byQuery({ 'X-Amz-Security-Token': 'token' }, { keys }))), 'temporary');
  });

  it('that are temporary are refused without it, with another one, and once they have expired', async () => {
    await refused(ask(byHeader({ keys: keysOf('TEMPORARY') })), 'InvalidAccessKeyId');
    await refused(ask(byQuery({}, { keys: keysOf('TEMPORARY') })), 'InvalidAccessKeyId');
    await refused(ask(byHeader({ ...withToken('tokem'), keys: keysOf('TEMPORARY') })), 'InvalidToken');
    const expired = byHeader({ ...withToken('token'), keys: keysOf('EXPIRED') });
    await refused(ask(expired), 'ExpiredToken');
    assert.equal(await identityOf(ask(expired, wallMs(at - 1))), 'expired');
  });

  it('that last have no token', async () => {
    await refused(ask(byHeader(withToken('token'))), 'InvalidToken');
  });

  it('are looked up by access key and token', async () => {
    const asked: unknown[] = [];
    const lookUp = async (...names: unknown[]): Promise<undefined> => void asked.push(names);
    await refused(ask(byHeader(withToken('t')), at, { lookUp }), 'InvalidAccessKeyId');
    assert.deepEqual(asked, [[exampleKeys.accessKey, 't']]);
  });

  it('that cannot be looked up just now are no verdict on the request', async () => {
    const lookUp = (): Promise<undefined> => Promise.reject(new S3Error('ServiceUnavailable'));
    await refused(ask(byHeader({}), at, { lookUp }), 'ServiceUnavailable');
  });
});

describe('a signature that does not match', () => {
  it('is told with all that a client needs to find out why', async () => {
    const error = await refused(
      ask(byHeader({ keys: { ...exampleKeys, secretKey: 'wrong' } })),
      'SignatureDoesNotMatch',
    );
    const canonical = `GET\n/b/k\n\nhost:h\nx-amz-content-sha256:${emptyHash}\nx-amz-date:20130524T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\n${emptyHash}`;
    const text = `AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n${sha256(canonical)}`;
    const spaced = (plain: string): string =>
      Buffer.from(plain)
        .toString('hex')
        .replace(/(..)(?!$)/g, '$1 ');
    assert.deepEqual(error.fields, {
      AWSAccessKeyId: exampleKeys.accessKey,
      StringToSign: text,
      SignatureProvided: hmacOf({ ...exampleKeys, secretKey: 'wrong' }, exampleScope, text),
      StringToSignBytes: spaced(text),
      CanonicalRequest: canonical,
      CanonicalRequestBytes: spaced(canonical),
    });
  });

  for (const signature of ['0', 'A'.repeat(64), 'é'.repeat(64), `${'0'.repeat(64)}0`]) {
    it(`is refused when it is '${signature}'`, async () => {
      const change = (header: string): string => header.replace(/Signature=.*/, `Signature=${signature}`);
      await refused(ask(byHeader({ change })), 'SignatureDoesNotMatch');
    });
  }
});
