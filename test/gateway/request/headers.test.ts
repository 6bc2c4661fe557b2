import assert from 'node:assert/strict';
import {
  booleanHeader,
  contentLength,
  decodedContentLength,
  expectedBucketOwner,
  partNumber,
  requestPayer,
  versionIdOf,
} from '../../../gateway/request/headers.js';
import { parseTarget } from '../../../gateway/request/target.js';
import { refused } from '../errors.js';

const headers = (entries: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(entries));

describe('gateway/request/headers', () => {
  it('reads lengths as safe integers', () => {
    assert.equal(contentLength(headers({})), undefined);
    assert.equal(contentLength(headers({ 'content-length': '0' })), 0);
    assert.equal(decodedContentLength(headers({ 'x-amz-decoded-content-length': '5368709120' })), 5_368_709_120);
  });

  for (const value of ['', '-1', '+1', '1.5', '1e3', '0x10', ' 1', '5,5', '9007199254740992', '9'.repeat(400)]) {
    it(`refuses ${JSON.stringify(value.slice(0, 20))} as a length`, () => {
      refused(() => contentLength(headers({ 'content-length': value })), 'InvalidRequest');
      refused(() => decodedContentLength(headers({ 'x-amz-decoded-content-length': value })), 'InvalidRequest');
    });
  }

  it('reads whom the client believes to own bucket and source', () => {
    const both = headers({ 'x-amz-expected-bucket-owner': '1', 'x-amz-source-expected-bucket-owner': '2' });
    assert.equal(expectedBucketOwner(both), '1');
    assert.equal(expectedBucketOwner(both, 'source'), '2');
    assert.equal(expectedBucketOwner(headers({})), undefined);
    refused(() => expectedBucketOwner(headers({ 'x-amz-expected-bucket-owner': '' })), 'InvalidArgument');
  });

  it('reads who pays', () => {
    assert.equal(requestPayer(headers({})), false);
    assert.equal(requestPayer(headers({ 'x-amz-request-payer': 'Requester' })), true);
    const error = refused(() => requestPayer(headers({ 'x-amz-request-payer': 'owner' })), 'InvalidArgument');
    assert.deepEqual(error.fields, { ArgumentName: 'x-amz-request-payer', ArgumentValue: 'owner' });
  });

  it('reads true and false', () => {
    assert.equal(booleanHeader(headers({}), 'x'), false);
    assert.equal(booleanHeader(headers({ x: 'TRUE' }), 'x'), true);
    assert.equal(booleanHeader(headers({ x: 'false' }), 'x'), false);
    refused(() => booleanHeader(headers({ x: '1' }), 'x'), 'InvalidArgument');
  });

  it('reads part numbers from 1 to 10,000', () => {
    assert.deepEqual([partNumber('1'), partNumber('10000')], [1, 10_000]);
    for (const text of ['', '0', '-1', '10001', '1.0', 'one']) {
      const error = refused(() => partNumber(text), 'InvalidArgument');
      assert.deepEqual(error.fields, { ArgumentName: 'partNumber', ArgumentValue: text });
    }
  });

  it('reads versions, of which none is the empty one', () => {
    assert.equal(versionIdOf(parseTarget('/?versionId=null').query), 'null');
    assert.equal(versionIdOf(parseTarget('/').query), undefined);
    refused(() => versionIdOf(parseTarget('/?versionId').query), 'InvalidArgument');
  });
});
