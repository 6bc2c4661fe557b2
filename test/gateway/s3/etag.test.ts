import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { InvariantError } from '../../../base/invariant.js';
import {
  etagOfMd5,
  etagOfParts,
  matchesStrongly,
  matchesWeakly,
  parseEtagPattern,
  quotedEtag,
  unquotedEtag,
} from '../../../gateway/s3/etag.js';
import { fuzz, textsLike } from '../fuzz.js';

const md5 = (text: string): Uint8Array => createHash('md5').update(text).digest();

describe('ETags', () => {
  it('of an object put whole are its MD5', () => {
    assert.equal(etagOfMd5(md5('')), 'd41d8cd98f00b204e9800998ecf8427e');
    assert.throws(() => etagOfMd5(new Uint8Array(20)), InvariantError);
  });

  it('of an object made of parts are the MD5 of theirs, and their number', () => {
    // By Python's hashlib.
    assert.equal(etagOfParts([md5('a'), md5('b')]), '96e024ba2074fe77e8e965ba43a704be-2');
    assert.match(etagOfParts([md5('a')]), /^[\da-f]{32}-1$/);
    assert.throws(() => etagOfParts([]), InvariantError);
    assert.throws(() => etagOfParts([new Uint8Array(15)]), InvariantError);
  });

  it('are quoted in headers, and taken with quotes or without', () => {
    assert.equal(quotedEtag('ab-2'), '"ab-2"');
    for (const text of ['"ab-2"', 'ab-2', ' "ab-2" ']) assert.equal(unquotedEtag(text), 'ab-2');
    assert.equal(unquotedEtag('"'), '"');
    assert.equal(unquotedEtag('""'), '');
  });
});

describe('patterns of ETags', () => {
  const strong = (...values: string[]): object[] => values.map((value) => ({ value, isWeak: false }));
  const cases = [
    { text: '*', pattern: '*' },
    { text: ' * ', pattern: '*' },
    { text: '"*"', pattern: strong('*') },
    { text: '"a"', pattern: strong('a') },
    { text: 'a', pattern: strong('a') },
    { text: '  a  ', pattern: strong('a') },
    { text: 'W/"a"', pattern: [{ value: 'a', isWeak: true }] },
    { text: '"a", W/"b" ,c,"d,e"', pattern: [...strong('a'), { value: 'b', isWeak: true }, ...strong('c', 'd,e')] },
    { text: '""', pattern: strong('') },
    { text: ',, "a",', pattern: strong('a') },
    { text: '"a', pattern: strong('"a') },
    { text: '"a"b, c', pattern: strong('"a"b', 'c') },
    { text: '', pattern: [] },
    { text: ' , ', pattern: [] },
  ];
  for (const c of cases)
    it(`${c.text || 'nothing'} is read`, () => assert.deepEqual(parseEtagPattern(c.text), c.pattern));

  it('match strongly or weakly (RFC 9110, section 8.8.3.2)', () => {
    const pattern = parseEtagPattern('"a", W/"b"');
    assert.deepEqual([matchesStrongly(pattern, 'a'), matchesWeakly(pattern, 'a')], [true, true]);
    assert.deepEqual([matchesStrongly(pattern, 'b'), matchesWeakly(pattern, 'b')], [false, true]);
    assert.deepEqual([matchesStrongly(pattern, 'c'), matchesWeakly(pattern, 'c')], [false, false]);
    assert.deepEqual([matchesStrongly('*', 'c'), matchesWeakly('*', 'c')], [true, true]);
  });

  it('of a list name each of its tags', () => {
    const tag = fc.string({ unit: fc.constantFrom(...Array.from('abc-0123 ,W/')) });
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1 }), (tags) => {
        assert.deepEqual(parseEtagPattern(tags.map(quotedEtag).join(', ')), strong(...tags));
      }),
    );
  });

  it('are looked at up to a bound', () => assert.equal(parseEtagPattern('a,'.repeat(5_000)).length, 1_000));

  it('of any text are * or tags', () => {
    fuzz(textsLike('"a", W/"b", c', '*', '"d41d8cd98f00b204e9800998ecf8427e-12"'), parseEtagPattern, (pattern) => {
      assert.ok(pattern === '*' || pattern.every((tag) => typeof tag.value === 'string'));
    });
  });
});
