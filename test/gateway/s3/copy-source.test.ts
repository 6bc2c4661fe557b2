import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseCopySource } from '../../../gateway/s3/copy-source.js';
import { s3Error } from '../assert-s3-error.js';
import { anyCharacter, fuzz, textsLike } from '../fuzz.js';

describe('x-amz-copy-source', () => {
  const cases = [
    { text: 'bucket/key', key: 'key' },
    { text: '/bucket/key', key: 'key' },
    { text: 'bucket/a/b//c', key: 'a/b//c' },
    { text: 'bucket//a', key: '/a' },
    { text: 'bucket%2Fkey', key: 'key' },
    { text: '%2Fbucket%2Fkey', key: 'key' },
    { text: 'bucket/a%20b+c%3Fd%2Be', key: 'a b+c?d+e' },
    { text: 'bucket/€', key: '€' },
    { text: 'bucket/a?b', key: 'a?b' },
    { text: 'bucket/a%3FversionId=1', key: 'a?versionId=1' },
    { text: 'bucket/key?versionId=3%2FL4', key: 'key', versionId: '3/L4' },
    { text: 'bucket/key?versionId=null', key: 'key', versionId: 'null' },
    { text: 'bucket/key?versionId=a&x=y', key: 'key', versionId: 'a' },
  ];
  for (const c of cases) {
    it(`is read: ${c.text}`, () => {
      assert.deepEqual(parseCopySource(c.text), { bucket: 'bucket', key: c.key, versionId: c.versionId });
    });
  }

  for (const text of [
    '',
    '/',
    'bucket',
    'bucket/',
    '/bucket',
    '//key',
    'bucket/%zz',
    'bucket/%ff',
    'b/k?versionId=',
    'b/k?versionId=%',
  ]) {
    it(`is refused: ${text || 'nothing'}`, () => {
      const fields = { ArgumentName: 'x-amz-copy-source', ArgumentValue: text };
      assert.throws(() => parseCopySource(text), s3Error('InvalidArgument', { fields }));
    });
  }

  it('is refused where the bucket or the key cannot be, or is an ARN', () => {
    assert.throws(() => parseCopySource('No_Bucket/key'), s3Error('InvalidBucketName'));
    assert.throws(() => parseCopySource(`bucket/${'a'.repeat(1025)}`), s3Error('KeyTooLongError'));
    const arn = 'arn:aws:s3:us-west-2:123456789012:accesspoint/my-access-point/object/reports/january.pdf';
    for (const text of [arn, encodeURIComponent(arn)]) {
      assert.throws(() => parseCopySource(text), s3Error('NotImplemented', { mentions: 'Name it as bucket/key' }));
    }
  });

  it('comes back from its encoding', () => {
    const text = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(text, fc.option(text, { nil: undefined }), (key, versionId) => {
        const version = versionId === undefined ? '' : `?versionId=${encodeURIComponent(versionId)}`;
        assert.deepEqual(parseCopySource(`bucket/${encodeURIComponent(key)}${version}`), {
          bucket: 'bucket',
          key,
          versionId,
        });
      }),
    );
  });

  it('of any text names a bucket and a key', () => {
    fuzz(
      textsLike('/bucket/a%20b?versionId=xyz', 'arn:aws:s3:::a/b', 'bucket%2Fkey'),
      parseCopySource,
      ({ bucket, key }) => {
        assert.ok(bucket.length >= 3 && key !== '');
      },
    );
  });
});
