import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addressOf } from '../../../gateway/request/addressing.js';
import { requireKey } from '../../../gateway/s3/object-key.js';
import { s3Error } from '../assert-s3-error.js';
import { anyCharacter, fuzz, textsLike } from '../fuzz.js';

/** Behind the slash that ends the bucket's name. */
function keyOfPath(path: string): string {
  const { resource } = addressOf(`/bucket/${path}`, undefined, []);
  return resource.kind === 'object' ? resource.key : assert.fail(resource.kind);
}

describe('keys of objects', () => {
  const cases = [
    { path: 'a/b', key: 'a/b' },
    { path: 'a%2Fb', key: 'a/b' },
    { path: 'a+b%20c%2Bd', key: 'a+b c+d' },
    { path: '%E2%82%AC', key: '€' },
    { path: '//a/../.', key: '//a/../.' },
    { path: '%00', key: '\0' },
    { path: '%2500', key: '%00' },
    { path: 'a%3Fb', key: 'a?b' },
  ];
  for (const c of cases) it(`are decoded: ${c.path}`, () => assert.equal(keyOfPath(c.path), c.key));

  for (const path of ['%', '%zz', '%f', 'a%ff', '%c3', '%ed%a0%80', '%c0%80', '%f4%90%80%80']) {
    it(`are UTF-8, percent-encoded: ${path} is neither`, () => {
      assert.throws(() => keyOfPath(path), s3Error('InvalidURI'));
    });
  }

  for (const [name, key] of [
    ['ASCII', 'a'.repeat(1024)],
    ['two bytes each', 'é'.repeat(512)],
    ['three bytes each', '€'.repeat(341)],
    ['four bytes each', '😀'.repeat(256)],
  ] as const) {
    it(`have at most 1024 bytes: ${name}`, () => {
      requireKey(key);
      const fields = { MaxSizeAllowed: '1024' };
      assert.throws(() => requireKey(`${key}€`), s3Error('KeyTooLongError', { fields }));
      assert.throws(() => keyOfPath(encodeURIComponent(`${key}€`)), s3Error('KeyTooLongError', { fields }));
    });
  }

  it('are neither empty nor with lone surrogates', () => {
    for (const key of ['', '\ud800', 'a\udfff']) assert.throws(() => requireKey(key), s3Error('InvalidArgument'));
  });

  it('come back from their encoding', () => {
    const keys = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 200 });
    fc.assert(fc.property(keys, (key) => assert.equal(keyOfPath(encodeURIComponent(key)), key)));
  });

  it('of any path are UTF-8 of 1 to 1024 bytes', () => {
    fuzz(
      textsLike('photos/2026/%E2%82%AC%20%2B.jpg', 'a'.repeat(600)),
      (path) => keyOfPath(`k${path}`),
      (key) => {
        const bytes = new TextEncoder().encode(key);
        assert.ok(bytes.byteLength >= 1 && bytes.byteLength <= 1024);
        assert.equal(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), key);
      },
    );
  });
});
