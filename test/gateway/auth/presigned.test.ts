import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import { ask, at, byQuery, emptyHash, identityOf, refused } from './verdicts.js';

describe('a presigned URL', () => {
  it('is good from its date to its end', async () => {
    for (const offset of [0, 600_000, -900_000])
      assert.equal(await identityOf(ask(byQuery(), wallMs(at + offset))), 'user');
  });

  it('is refused once it has expired', async () => {
    const error = await refused(ask(byQuery(), wallMs(at + 600_001)), 'AccessDenied');
    assert.equal(error.message, 'Request has expired');
    assert.deepEqual(error.fields, {
      'X-Amz-Expires': '600',
      Expires: '2013-05-24T00:10:00Z',
      ServerTime: '2013-05-24T00:10:00Z',
    });
  });

  it('is refused before its date', async () => {
    const error = await refused(ask(byQuery(), wallMs(at - 900_001)), 'AccessDenied');
    assert.match(error.message, /not valid yet/);
  });

  const expiries = [
    { text: '1', isGood: true },
    { text: '604800', isGood: true },
    ...['0', '-1', '604801', '1.5', 'x', '1e3', ' 1', '9'.repeat(16)].map((text) => ({ text, isGood: false })),
  ];
  for (const { text, isGood } of expiries) {
    it(`${isGood ? 'may' : 'may not'} be good for '${text}' seconds`, async () => {
      const asked = ask(byQuery({ 'X-Amz-Expires': text }));
      if (isGood) assert.equal(await identityOf(asked), 'user');
      else assert.match((await refused(asked, 'AuthorizationQueryParametersError')).message, /X-Amz-Expires/);
    });
  }

  const names = ['Algorithm', 'Credential', 'Date', 'Expires', 'Signature', 'SignedHeaders'].map(
    (name) => `X-Amz-${name}`,
  );
  for (const name of names) {
    it(`is refused without ${name}, or with it empty`, async () => {
      for (const value of [undefined, '']) {
        const error = await refused(ask(byQuery({ [name]: value })), 'AuthorizationQueryParametersError');
        assert.match(error.message, /needs/);
      }
    });

    it(`is refused with ${name} twice`, async () => {
      const request = byQuery();
      const error = await refused(
        ask({ ...request, target: `${request.target}&${name}=x` }),
        'AuthorizationQueryParametersError',
      );
      assert.match(error.message, /twice/);
    });
  }

  const malformed = [
    { name: 'of another algorithm', parameters: { 'X-Amz-Algorithm': 'AWS4-HMAC-SHA1' }, says: /X-Amz-Algorithm must/ },
    { name: 'of no date', parameters: { 'X-Amz-Date': '2013-05-24T00:00:00Z' }, says: /X-Amz-Date must/ },
    { name: 'of another date than its credential', parameters: { 'X-Amz-Date': '20130525T000000Z' }, says: /date/ },
    { name: 'without a scope', parameters: { 'X-Amz-Credential': 'AKIA' }, says: /credential must be/ },
    {
      name: 'for another service',
      parameters: { 'X-Amz-Credential': 'A/20130524/us-east-1/sts/aws4_request' },
      says: /'sts' is wrong/,
    },
    { name: 'with bad signed headers', parameters: { 'X-Amz-SignedHeaders': 'Host' }, says: /lower case/ },
  ];
  for (const c of malformed) {
    it(`is refused when it is ${c.name}`, async () => {
      assert.match((await refused(ask(byQuery(c.parameters)), 'AuthorizationQueryParametersError')).message, c.says);
    });
  }

  it('tells the right region when it is for another one', async () => {
    const request = byQuery({ 'X-Amz-Credential': 'A/20130524/eu-west-1/s3/aws4_request' });
    const error = await refused(ask(request), 'AuthorizationQueryParametersError');
    assert.deepEqual(error.fields, { Region: 'us-east-1' });
  });

  it('is refused when a parameter is no UTF-8', async () => {
    const request = byQuery();
    const target = request.target.replace('X-Amz-Credential=', 'X-Amz-Credential=%ff');
    await refused(ask({ ...request, target }), 'AuthorizationQueryParametersError');
  });

  it('of Signature Version 2 or 4A is refused clearly', async () => {
    const headers = new Map([['host', 'h']]);
    const second = { method: 'GET', target: '/b/k?AWSAccessKeyId=A&Expires=1&Signature=x', headers };
    assert.match((await refused(ask(second), 'InvalidRequest')).message, /Version 2 is/);
    const asymmetric = byQuery({ 'X-Amz-Algorithm': 'AWS4-ECDSA-P256-SHA256' });
    assert.match((await refused(ask(asymmetric), 'InvalidRequest')).message, /Version 4A is/);
  });

  it('leaves its body open, but what the client promises of it is kept', async () => {
    const open = await ask(byQuery());
    assert.deepEqual(open.payload, { kind: 'unsigned' });
    const hashed = await ask(byQuery({}, { unsigned: { 'x-amz-content-sha256': emptyHash } }));
    assert.deepEqual(hashed.payload, { kind: 'sha256', sha256: emptyHash });
    const words = { unsigned: { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' } };
    assert.deepEqual((await ask(byQuery({}, words))).payload, { kind: 'unsigned-chunks' });
  });

  it('may fix its body, in the query or in a signed header', async () => {
    const payloadHash = emptyHash;
    const query = await ask(byQuery({ 'X-Amz-Content-Sha256': emptyHash }, { payloadHash }));
    assert.deepEqual(query.payload, { kind: 'sha256', sha256: emptyHash });
    const headers = { host: 'h', 'x-amz-content-sha256': emptyHash };
    const header = await ask(byQuery({}, { headers, payloadHash }));
    assert.deepEqual(header.payload, { kind: 'sha256', sha256: emptyHash });
  });
});
