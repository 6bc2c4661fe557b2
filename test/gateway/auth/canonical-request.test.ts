import assert from 'node:assert/strict';
import fc from 'fast-check';
import { canonicalRequest, canonicalTarget } from '../../../gateway/auth/canonical-request.js';
import { queryTextOf } from '../../../gateway/auth/uri-encoding.js';
import { isS3Error } from '../../../gateway/s3-error.js';

function queryOf(target: string): string {
  return canonicalTarget(target)
    .parameters.map(({ name, value }) => `${name}=${value}`)
    .join('&');
}

describe('the canonical path', () => {
  const cases = [
    { name: 'nothing is the root', target: '?x', path: '/' },
    { name: 'plain characters stay', target: '/aZ09-._~/b', path: '/aZ09-._~/b' },
    { name: 'slashes, dots and double dots stay', target: '//a//./../b/', path: '//a//./../b/' },
    { name: 'what needs no encoding is decoded', target: '/%7E%61%2d', path: '/~a-' },
    { name: 'digits come in upper case', target: '/%c3%a4', path: '/%C3%A4' },
    { name: 'what was sent raw is encoded', target: "/(a)!*'@:$,;=&", path: '/%28a%29%21%2A%27%40%3A%24%2C%3B%3D%26' },
    { name: 'plus is a plus', target: '/a+b%2B', path: '/a%2Bb%2B' },
    { name: 'a percent sign is encoded once', target: '/100%25', path: '/100%25' },
    { name: 'an encoded slash is a slash', target: '/a%2Fb', path: '/a/b' },
    { name: 'bytes above ASCII, raw, are encoded', target: '/\u00c3\u00a4', path: '/%C3%A4' },
    { name: 'bytes that are no UTF-8 are kept', target: '/%ff%00', path: '/%FF%00' },
  ];
  for (const c of cases) it(c.name, () => assert.equal(canonicalTarget(c.target).path, c.path));
});

describe('the canonical query', () => {
  const cases = [
    { name: 'none', target: '/', query: '' },
    { name: 'an empty one', target: '/?', query: '' },
    { name: 'a name alone gets an empty value', target: '/?acl', query: 'acl=' },
    { name: 'a space is %20, however sent', target: '/?a=x+y%20z', query: 'a=x%20y%20z' },
    { name: 'a plus stays encoded', target: '/?a=%2B', query: 'a=%2B' },
    { name: 'digits come in upper case, plain characters decoded', target: '/?%61=%c3%7e', query: 'a=%C3~' },
    { name: 'slashes and all else are encoded', target: '/?a=b/c:(d)*', query: 'a=b%2Fc%3A%28d%29%2A' },
    { name: 'only the first = separates', target: '/?a=b=c', query: 'a=b%3Dc' },
    { name: 'only the first ? starts it', target: '/?a?=b', query: 'a%3F=b' },
    { name: 'sorted by bytes: upper case first', target: '/?b=1&a=2&B=3', query: 'B=3&a=2&b=1' },
    { name: 'sorted as encoded', target: '/?%c3=1&z=2&-=3', query: '%C3=1&-=3&z=2' },
    { name: 'a name before those that it starts', target: '/?a-b=1&a=2&a1=3', query: 'a=2&a-b=1&a1=3' },
    { name: 'repeated names by value', target: '/?a=2&a=10&a=', query: 'a=&a=10&a=2' },
    { name: 'gaps are skipped', target: '/?&&a=1&', query: 'a=1' },
    { name: 'an empty name stays', target: '/?=x', query: '=x' },
  ];
  for (const c of cases) it(c.name, () => assert.equal(queryOf(c.target), c.query));
});

describe('a target that cannot be parsed', () => {
  for (const target of ['/%', '/%4', '/%g1', '/a?b=%zz', '/?%=', '/\u0100', 'http://host/', '*']) {
    it(`'${target}' is refused`, () => {
      assert.throws(
        () => canonicalTarget(target),
        (error) => isS3Error(error, 'InvalidURI'),
      );
    });
  }
});

describe('canonical spelling', () => {
  it('encodes every byte but those of A-Z a-z 0-9 - . _ ~, and a path keeps its slashes', () => {
    for (let byte = 0; byte < 256; byte++) {
      const encoded = `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
      const character = String.fromCharCode(byte);
      const isPlain = /^[A-Za-z0-9._~-]$/.test(character);
      for (const sent of [encoded, encoded.toLowerCase()]) {
        assert.equal(queryOf(`/?${sent}=${sent}`), isPlain ? `${character}=${character}` : `${encoded}=${encoded}`);
        assert.equal(canonicalTarget(`/${sent}`).path, `/${isPlain || character === '/' ? character : encoded}`);
      }
    }
  });

  const text = fc.string({ unit: 'binary' });

  it('is what encodeURIComponent leaves, and a few more characters encoded', () => {
    const strict = (part: string): string =>
      encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
    fc.assert(
      fc.property(text, text, (name, value) => {
        assert.equal(
          queryOf(`/?${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
          `${strict(name)}=${strict(value)}`,
        );
        assert.equal(canonicalTarget(`/${encodeURIComponent(value)}`).path, `/${strict(value).replaceAll('%2F', '/')}`);
        assert.equal(queryTextOf(strict(value)), value);
      }),
    );
  });

  it('is spelt the same again', () => {
    fc.assert(
      fc.property(text, (value) => {
        const once = canonicalTarget(`/${encodeURIComponent(value)}?${encodeURIComponent(value)}`);
        assert.deepEqual(canonicalTarget(`${once.path}?${once.parameters.map((p) => p.name).join('&')}`), once);
      }),
    );
  });

  it('of what is no UTF-8 has no text', () => assert.equal(queryTextOf('%FF'), undefined));
});

describe('the canonical request', () => {
  it('trims and folds the spaces of values, takes missing headers for empty, and leaves the signature out', () => {
    const text = canonicalRequest({
      method: 'GET',
      ...canonicalTarget('/k?X-Amz-Signature=0&b&a=1'),
      headers: new Map([
        ['host', ' h '],
        ['x-amz-meta-a', '  a   b\t\tc  "d  e" '],
        ['unsigned', 'x'],
      ]),
      signedHeaders: ['expect', 'host', 'x-amz-meta-a'],
      payloadHash: 'HASH',
    });
    assert.equal(text, 'GET\n/k\na=1&b=\nexpect:\nhost:h\nx-amz-meta-a:a b c "d e"\n\nexpect;host;x-amz-meta-a\nHASH');
  });
});
