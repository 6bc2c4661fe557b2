import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isS3Error } from '../../../gateway/s3-error.js';
import { checkTags, parseTaggingHeader, type Tag } from '../../../gateway/s3/tagging.js';
import { s3Error } from '../assert-s3-error.js';
import { fuzz, textsLike } from '../fuzz.js';

describe('x-amz-tagging', () => {
  const cases = [
    { header: '', tags: {} },
    { header: 'a=1&b=2', tags: { a: '1', b: '2' } },
    { header: 'a', tags: { a: '' } },
    { header: 'a=&&b=', tags: { a: '', b: '' } },
    { header: 'a=b=c', tags: { a: 'b=c' } },
    { header: 'a+b=c%20d%2Be', tags: { 'a b': 'c d+e' } },
    { header: '%E2%82%ACuro'.replace('%E2%82%AC', '%C3%BC'), tags: { üuro: '' } },
    { header: 'AWS:x=1', tags: { 'AWS:x': '1' } },
  ];
  for (const c of cases) {
    it(`is read: ${c.header || 'nothing'}`, () => {
      assert.deepEqual(Object.fromEntries(parseTaggingHeader(c.header).map(({ key, value }) => [key, value])), c.tags);
    });
  }

  for (const header of ['a=1&a=2', 'a=1&%61=2', '%zz=1', 'a=%ff', 'a=%']) {
    it(`is refused: ${header}`, () => {
      const fields = { ArgumentName: 'x-amz-tagging', ArgumentValue: header };
      assert.throws(() => parseTaggingHeader(header), s3Error('InvalidArgument', { fields }));
    });
  }

  it('has at most ten tags', () => {
    const tags = Array.from({ length: 10 }, (_, i) => `k${i}=v`).join('&');
    assert.equal(parseTaggingHeader(tags).length, 10);
    assert.throws(() => parseTaggingHeader(`${tags}&one=more`), s3Error('BadRequest', { mentions: 'greater than 10' }));
  });

  it('of any text is tags within their bounds', () => {
    fuzz(textsLike('a=1&b=2', 'project+x=caf%C3%A9&done=', 'k'.repeat(127)), parseTaggingHeader, (tags) => {
      assert.ok(tags.length <= 10);
      for (const { key, value } of tags) assert.ok(key !== '' && key.length <= 128 && value.length <= 256);
    });
  });

  it('comes back from its encoding', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('aé€ +-=._:/@9𝒳')), minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.dictionary(text, text, { maxKeys: 10, noNullPrototype: true }), (tags) => {
        const header = new URLSearchParams(tags).toString();
        if (Object.keys(tags).some((key) => !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(key))) return;
        const expected = Object.entries(tags).filter(([, value]) => /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(value));
        if (expected.length < Object.keys(tags).length) return;
        assert.deepEqual(
          parseTaggingHeader(header).map(({ key, value }) => [key, value]),
          expected,
        );
      }),
    );
  });
});

function tagOf([key, value]: readonly [string, string]): Tag {
  return { key, value };
}

function has(fields: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => fields[name] === value);
}

describe('tags', () => {
  const good = [
    ['k'.repeat(128), 'v'.repeat(256)],
    ['𝒳'.repeat(64), '𝒳'.repeat(128)],
    ['a b_c.d:e/f=g+h-i@j', 'ключ 9'],
    ['a', ''],
  ] as const;
  for (const tag of good) {
    it(`may be ${tag[0].slice(0, 20)}`, () => checkTags([tagOf(tag)], 'object'));
  }

  for (const [name, tag, field] of [
    ['an empty key', ['', 'v'], 'TagKey'],
    ['a key that is too long', ['k'.repeat(129), ''], 'TagKey'],
    ['a character that no key has', ['a*', ''], 'TagKey'],
    ['a line break in a key', ['a\n', ''], 'TagKey'],
    ['a lone surrogate', ['\ud800', ''], 'TagKey'],
    ['a key of the system', ['aws:x', ''], 'TagKey'],
    ['a value that is too long', ['a', 'v'.repeat(257)], 'TagValue'],
    ['a character that no value has', ['a', 'x;y'], 'TagValue'],
  ] as const) {
    it(`cannot have ${name}`, () => {
      const fields = { [field]: field === 'TagKey' ? tag[0] : tag[1] };
      assert.throws(
        () => checkTags([tagOf(tag)], 'object'),
        (error) => isS3Error(error, 'InvalidTag') && has(error.fields, fields),
      );
    });
  }

  it('have each key once, and buckets have at most fifty', () => {
    const twice = [tagOf(['a', '1']), tagOf(['a', '2'])];
    assert.throws(() => checkTags(twice, 'object'), s3Error('InvalidTag', { mentions: 'same key' }));
    const many = Array.from({ length: 51 }, (_, i) => tagOf([`k${i}`, '']));
    checkTags(many.slice(1), 'bucket');
    assert.throws(() => checkTags(many, 'bucket'), s3Error('BadRequest', { mentions: 'greater than 50' }));
  });
});
