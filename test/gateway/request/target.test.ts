import fc from 'fast-check';
import assert from 'node:assert/strict';
import { isS3Error } from '../../../gateway/s3-error.js';
import { addressOf } from '../../../gateway/request/addressing.js';
import { decode, parseTarget } from '../../../gateway/request/target.js';
import { refused } from '../errors.js';
import { boxed } from '../random-inputs.js';

describe('gateway/request/target', () => {
  const decoded = [
    { name: 'plain text', raw: "a-Z_0.9~!*'()", text: "a-Z_0.9~!*'()" },
    { name: 'a plus', raw: 'a+b', text: 'a+b' },
    { name: 'escapes in both cases', raw: '%2f%2F%7e', text: '//~' },
    { name: 'an escaped percent, once', raw: '%252F', text: '%2F' },
    { name: 'control characters and NUL', raw: '%00%0a%7F', text: '\u0000\n\u007f' },
    { name: 'UTF-8', raw: '%C3%A9%F0%9F%98%80', text: 'é😀' },
    { name: 'bytes that were not encoded, as Node gives them', raw: 'Ã©%C3\u00a9', text: 'éé' },
    { name: 'a byte order mark, kept', raw: '%EF%BB%BFa', text: '\ufeffa' },
  ];
  for (const c of decoded) it(`decodes ${c.name}`, () => assert.equal(decode(c.raw), c.text));

  const wrong = [
    '%',
    'a%2',
    '%zz',
    '%+1',
    '% 1',
    '%C3',
    '%C3%28',
    '%C0%AF',
    '%ED%A0%80',
    '%F5%80%80%80',
    '\u00e9',
    '\u0142',
  ];
  for (const raw of wrong) it(`refuses ${JSON.stringify(raw)}`, () => void refused(() => decode(raw), 'InvalidURI'));

  const parameters = [
    { name: 'none', target: '/a', expected: [] },
    { name: 'an empty query', target: '/a?', expected: [] },
    { name: 'a name alone', target: '/a?acl', expected: [['acl', '']] },
    { name: 'an empty value', target: '/a?acl=', expected: [['acl', '']] },
    { name: 'an = in a value', target: '/a?t=b=c==', expected: [['t', 'b=c==']] },
    { name: 'plus as a space, and encoded', target: '/a?p+q=a+b%2Bc', expected: [['p q', 'a b+c']] },
    { name: 'a name that is encoded', target: '/a?list%2Dtype=2', expected: [['list-type', '2']] },
    { name: 'a question mark in the query', target: '/a?b?c', expected: [['b?c', '']] },
    { name: 'empty pieces', target: '/a?&&b&', expected: [['b', '']] },
    { name: 'an empty name', target: '/a?=b', expected: [['', 'b']] },
    {
      name: 'names repeated, in their order',
      target: '/a?b=1&c=2&b=3',
      expected: [
        ['b', '1'],
        ['c', '2'],
        ['b', '3'],
      ],
    },
  ];
  for (const c of parameters) {
    it(`parses the query: ${c.name}`, () => assert.deepEqual(parseTarget(c.target).query.parameters(), c.expected));
  }

  it('takes the first of several values, and names in lower case and not', () => {
    const { query, rawPath } = parseTarget('/a//%2E?b=1&B=2&b=3');
    assert.equal(rawPath, '/a//%2E');
    assert.deepEqual([query.get('b'), query.get('B'), query.get('c'), query.has('c')], ['1', '2', undefined, false]);
    assert.deepEqual([...query.names()], ['b', 'B']);
  });

  it('does not take a name of an object for a parameter', () => {
    assert.equal(parseTarget('/a').query.get('constructor'), undefined);
    assert.equal(parseTarget('/a?__proto__=x').query.get('__proto__'), 'x');
  });

  const refusedTargets = [
    { name: 'no slash', target: 'a' },
    { name: 'nothing', target: '' },
    { name: 'an absolute URL', target: 'http://s3.example.com/a' },
    { name: 'a query that is not UTF-8', target: '/a?b=%FF' },
    { name: 'a name with half an escape', target: '/a?%2' },
    { name: 'more than 32 KiB', target: `/${'a'.repeat(32 * 1024)}` },
    { name: 'more than 256 parameters', target: `/?${'a&'.repeat(257)}` },
  ];
  for (const c of refusedTargets)
    it(`refuses ${c.name}`, () => void refused(() => parseTarget(c.target), 'InvalidURI'));

  it('decodes what encodeURIComponent encoded', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        (name, value) => {
          const target = `/?${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
          assert.deepEqual(parseTarget(target).query.parameters(), [[name, value]]);
        },
      ),
      boxed(5_000),
    );
  });

  it('answers any target with an address or an S3 error', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '/',
        '%',
        '%2',
        '%2F',
        '%00',
        '%C3',
        '%A9',
        '?',
        '&',
        '=',
        '+',
        '.',
        '..',
        '#',
        'a',
        'Ã',
        'ł',
        ' ',
      ),
      fc.string({ maxLength: 3 }),
    );
    const codes = ['InvalidURI', 'InvalidBucketName', 'KeyTooLongError'] as const;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.constantFrom('h', 'b.s3.example.com'), (pieces, host) => {
        try {
          const { rawPath } = parseTarget(`/${pieces.join('')}`);
          addressOf(rawPath, host, ['s3.example.com']);
        } catch (error) {
          assert.ok(
            codes.some((code) => isS3Error(error, code)),
            String(error),
          );
        }
      }),
      boxed(20_000),
    );
  });
});
