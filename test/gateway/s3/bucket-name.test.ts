import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isBucketName, requireBucketName } from '../../../gateway/s3/bucket-name.js';
import { s3Error } from '../assert-s3-error.js';

describe('bucket names', () => {
  const good = [
    'abc',
    'a1b',
    '123',
    'my-bucket.example.com',
    'a--b',
    'a.b-c',
    'a'.repeat(63),
    '1.2.3',
    '1.2.3.4.5',
    'xn-a',
  ];
  for (const name of good) it(`may be ${name}`, () => assert.ok(isBucketName(name)));

  const bad = [
    '',
    'ab',
    'a'.repeat(64),
    'Abc',
    'a_b',
    'a b',
    'a/b',
    'bücket',
    '-ab',
    'ab-',
    '.ab',
    'ab.',
    'a..b',
    '192.168.5.4',
    '999.999.999.999',
    'xn--abc',
    'sthree-abc',
    'amzn-s3-demo-abc',
    'abc-s3alias',
    'abc--ol-s3',
    'abc.mrap',
    'abc--x-s3',
    'abc--table-s3',
    'abc\n',
  ];
  for (const name of bad) {
    it(`cannot be ${JSON.stringify(name)}`, () => {
      assert.throws(() => requireBucketName(name), s3Error('InvalidBucketName', { fields: { BucketName: name } }));
    });
  }

  it('are labels of a host: whatever is let through needs no encoding', () => {
    const name = fc.string({ unit: fc.constantFrom(...Array.from('ab1-._A/%')), minLength: 3, maxLength: 10 });
    fc.assert(fc.property(name, (text) => assert.ok(!isBucketName(text) || encodeURIComponent(text) === text)));
  });
});
