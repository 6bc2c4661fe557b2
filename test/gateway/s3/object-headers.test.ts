import assert from 'node:assert/strict';
import {
  objectHeaderLines,
  parseHeaderOverrides,
  parseObjectHeaders,
  saysAwsChunked,
  withoutAwsChunked,
} from '../../../gateway/s3/object-headers.js';
import { s3Error } from '../assert-s3-error.js';
import { fuzz, headersLike } from '../fuzz.js';

describe('headers stored with an object', () => {
  it('are kept as they are, and binary/octet-stream is the default', () => {
    assert.deepEqual(parseObjectHeaders(new Map()), { contentType: 'binary/octet-stream' });
    const headers = new Map([
      ['cache-control', 'no-cache'],
      ['content-disposition', 'attachment; filename="ä.txt"'],
      ['content-encoding', 'aws-chunked,gzip'],
      ['content-language', 'de, en'],
      ['content-type', 'text/plain; charset=utf-8'],
      ['expires', 'whenever'],
      ['content-length', '5'],
    ]);
    const stored = parseObjectHeaders(headers);
    assert.deepEqual(stored, {
      cacheControl: 'no-cache',
      contentDisposition: 'attachment; filename="ä.txt"',
      contentEncoding: 'gzip',
      contentLanguage: 'de, en',
      contentType: 'text/plain; charset=utf-8',
      expires: 'whenever',
    });
    assert.deepEqual(objectHeaderLines(stored), [
      ['cache-control', 'no-cache'],
      ['content-disposition', '=?UTF-8?B?YXR0YWNobWVudDsgZmlsZW5hbWU9IsOkLnR4dCI=?='],
      ['content-encoding', 'gzip'],
      ['content-language', 'de, en'],
      ['content-type', 'text/plain; charset=utf-8'],
      ['expires', 'whenever'],
    ]);
  });

  for (const [text, kept, says] of [
    ['aws-chunked', '', true],
    ['gzip', 'gzip', false],
    ['gzip, aws-chunked', 'gzip', true],
    ['AWS-Chunked , br,gzip', 'br,gzip', true],
    ['aws-chunked-not', 'aws-chunked-not', false],
    [', ,', '', false],
  ] as const) {
    it(`leave out how the request was framed: ${text}`, () => {
      assert.equal(withoutAwsChunked(text), kept);
      assert.equal(saysAwsChunked(text), says);
      assert.equal(parseObjectHeaders(new Map([['content-encoding', text]])).contentEncoding, kept || undefined);
    });
  }

  for (const [name, value] of [
    ['a line break', 'a\r\nx-evil: 1'],
    ['NUL', 'a\0b'],
    ['a lone surrogate', 'a\ud800b'],
    ['too many characters', 'a'.repeat(8_193)],
  ] as const) {
    it(`have only what headers can have: ${name}`, () => {
      const fields = { ArgumentName: 'content-type' };
      const headers = new Map([['content-type', value]]);
      assert.throws(() => parseObjectHeaders(headers), s3Error('InvalidArgument', { fields }));
      const query = new Map([['response-content-type', value]]);
      assert.throws(() => parseHeaderOverrides(query, false), s3Error('InvalidArgument'));
    });
  }

  it('are overridden by a signed request', () => {
    const query = new Map([
      ['response-content-type', 'text/html'],
      ['response-expires', 'never'],
      ['response-cache-control', ''],
      ['response-x', 'y'],
    ]);
    const overrides = parseHeaderOverrides(query, false);
    assert.deepEqual(objectHeaderLines({ contentType: 'a/b', cacheControl: 'no-cache' }, overrides), [
      ['cache-control', 'no-cache'],
      ['content-type', 'text/html'],
      ['expires', 'never'],
    ]);
    assert.throws(() => parseHeaderOverrides(query, true), s3Error('InvalidRequest', { mentions: 'anonymous' }));
    assert.equal(parseHeaderOverrides(new Map([['prefix', 'a']]), true).size, 0);
  });

  it('of any text go into an answer', () => {
    const headers = headersLike({
      'content-type': ['text/plain; charset=utf-8'],
      'content-encoding': ['aws-chunked,gzip', 'aws-chunked'],
      'content-disposition': ['attachment; filename="ä.txt"'],
      expires: ['Sun, 06 Nov 1994 08:49:37 GMT'],
    });
    fuzz(headers, parseObjectHeaders, (stored) => {
      for (const [, value] of objectHeaderLines(stored)) assert.match(value, /^[\x20-\x7e\t]+$/);
    });
  });
});
