import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeEncodedWords, headerText, isPlainHeaderText } from '../../../gateway/s3/encoded-word.js';
import { checkedUserMetadata, parseUserMetadata, userMetadataHeaders } from '../../../gateway/s3/user-metadata.js';
import { s3Error } from '../assert-s3-error.js';
import { anyCharacter, fuzz, headersLike, textsLike } from '../fuzz.js';

describe('encoded words', () => {
  const cases = [
    { name: 'plain text', text: 'AMAZONS3', decoded: 'AMAZONS3' },
    { name: 'base64', text: '=?UTF-8?B?w4RNw4Raw5XDkSBTMw==?=', decoded: 'ÄMÄZÕÑ S3' },
    { name: 'quoted', text: '=?utf-8?q?=C3=84M_x?=', decoded: 'ÄM x' },
    { name: 'a language', text: '=?utf-8*de?Q?=C3=84?=', decoded: 'Ä' },
    { name: 'latin1', text: '=?ISO-8859-1?Q?=C4?=', decoded: 'Ä' },
    { name: 'ASCII', text: '=?us-ascii?Q?a?=', decoded: 'a' },
    { name: 'between others', text: 'a =?utf-8?Q?=C3=84?= b', decoded: 'a Ä b' },
    { name: 'two, the space between them gone', text: '=?utf-8?Q?a?= =?utf-8?B?Yg==?=', decoded: 'ab' },
    { name: 'two with text between', text: '=?utf-8?Q?a?= , =?utf-8?Q?b?=', decoded: 'a , b' },
    { name: 'another charset', text: '=?koi8-r?Q?=C4?=', decoded: '=?koi8-r?Q?=C4?=' },
    { name: 'bytes that are not UTF-8', text: '=?utf-8?Q?=C4?=', decoded: '=?utf-8?Q?=C4?=' },
    { name: 'no base64', text: '=?utf-8?B?abc?=', decoded: '=?utf-8?B?abc?=' },
    { name: 'no hex', text: '=?utf-8?Q?=zz?=', decoded: '=?utf-8?Q?=zz?=' },
    { name: 'one without an end', text: '=?utf-8?Q?a', decoded: '=?utf-8?Q?a' },
    { name: 'another encoding', text: '=?utf-8?X?a?=', decoded: '=?utf-8?X?a?=' },
  ];
  for (const c of cases) it(`are decoded: ${c.name}`, () => assert.equal(decodeEncodedWords(c.text), c.decoded));

  it('stand for text that no header could carry', () => {
    assert.equal(headerText('plain text, = and ?'), 'plain text, = and ?');
    assert.equal(headerText('ÄMÄZÕÑ S3'), '=?UTF-8?B?w4RNw4Raw5XDkSBTMw==?=');
    assert.equal(headerText('a\r\nb'), '=?UTF-8?B?YQ0KYg==?=');
    assert.equal(headerText(''), '');
  });

  it('are short enough for RFC 2047, whole characters each, and come back as the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: anyCharacter }), textsLike('=?UTF-8?B?w4Q=?= =?utf-8?Q?a?=', '€😀')),
        (text) => {
          if (/\p{Cs}/u.test(text)) return;
          const header = headerText(text);
          assert.ok(isPlainHeaderText(text) ? header === text : header.split(' ').every((word) => word.length <= 75));
          assert.match(header, /^[\x20-\x7e\t]*$/);
          assert.equal(decodeEncodedWords(header), text);
        },
      ),
    );
  });

  for (const text of ['a'.repeat(200) + 'ä', 'é'.repeat(200), '€'.repeat(200), '😀'.repeat(200)]) {
    it(`are several where one would be too long: ${text.slice(-2)}`, () => {
      const words = headerText(text).split(' ');
      assert.ok(words.length > 1 && words.every((word) => word.length <= 75));
      assert.ok(words.slice(0, -1).every((word) => word.length >= 68));
      assert.equal(decodeEncodedWords(words.join(' ')), text);
    });
  }

  it('of any text are decoded in a time that grows with its length', () => {
    for (const text of ['=?'.repeat(50_000), `=?utf-8?Q?${'a'.repeat(100_000)}`, '=?utf-8?Q??='.repeat(10_000)]) {
      decodeEncodedWords(text);
    }
  }).timeout(1_000);
});

describe('user metadata', () => {
  it('are the headers of its prefix, by their names, decoded', () => {
    const headers = new Map([
      ['x-amz-meta-b', ' two '],
      ['content-type', 'text/plain'],
      ['x-amz-meta-a', '=?UTF-8?B?w4Q=?='],
      ['x-amz-meta-c', 'ö'],
    ]);
    const metadata = parseUserMetadata(headers);
    assert.deepEqual(
      [...metadata],
      [
        ['a', 'Ä'],
        ['b', 'two'],
        ['c', 'ö'],
      ],
    );
    assert.deepEqual(userMetadataHeaders(metadata), [
      ['x-amz-meta-a', '=?UTF-8?B?w4Q=?='],
      ['x-amz-meta-b', 'two'],
      ['x-amz-meta-c', '=?UTF-8?B?w7Y=?='],
    ]);
  });

  it('have at most 2048 bytes, names and values in UTF-8', () => {
    assert.equal(checkedUserMetadata([['ab', 'x'.repeat(2046)]]).size, 1);
    assert.equal(checkedUserMetadata([['ab', 'é'.repeat(1023)]]).size, 1);
    const fields = { Size: '2049', MaxSizeAllowed: '2048' };
    assert.throws(() => checkedUserMetadata([['ab', 'x'.repeat(2047)]]), s3Error('MetadataTooLarge', { fields }));
    assert.throws(() => checkedUserMetadata([['é', '€'.repeat(683)]]), s3Error('MetadataTooLarge'));
  });

  it('have names, and no lone surrogates', () => {
    assert.throws(() => parseUserMetadata(new Map([['x-amz-meta-', 'a']])), s3Error('InvalidArgument'));
    assert.throws(() => checkedUserMetadata([['a', '\ud800']]), s3Error('InvalidArgument'));
  });

  it('of any text come back the same from the headers of an answer', () => {
    const headers = headersLike({
      'x-amz-meta-a': ['plain', '=?UTF-8?B?w4Q=?=', 'Ä€'],
      'x-amz-meta-b': ['=?utf-8?Q?a_=0D=0A?= =?utf-8?Q?b?='],
    });
    fuzz(headers, parseUserMetadata, (metadata) => {
      const answered = userMetadataHeaders(metadata);
      for (const [, value] of answered) assert.match(value, /^[\x20-\x7e\t]*$/);
      assert.deepEqual(parseUserMetadata(new Map(answered)), metadata);
    });
  });
});
