import assert from 'node:assert/strict';
import { latin1Bytes, utf8Bytes } from '../../base/bytes.js';
import { Xxh64Stream, xxh64, xxh64OfLatin1, xxh64OfText } from '../../base/xxh64.js';

/** From the reference implementation's sanity checks and documentation (https://github.com/Cyan4973/xxHash). */
const vectors = [
  { text: '', seed: 0n, hash: 0xef46db3751d8e999n },
  { text: '', seed: 0x9e3779b1n, hash: 0xac75fda2929b17efn },
  { text: 'a', seed: 0n, hash: 0xd24ec4f1a98c6e5bn },
  { text: 'abc', seed: 0n, hash: 0x44bc2cf5ad770999n },
];

describe('xxh64', () => {
  for (const { text, seed, hash } of vectors) {
    it(`of "${text}" with seed ${seed} is the reference's`, () => {
      assert.equal(xxh64(utf8Bytes(text), seed), hash);
    });
  }

  it('of a stream equals that of its pieces joined', () => {
    const all = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 0xff);
    const stream = new Xxh64Stream(42n)
      .update(all.subarray(0, 3))
      .update(all.subarray(3, 700))
      .update(all.subarray(700));
    assert.equal(stream.digest(), xxh64(all, 42n));
  });

  for (const { name, text } of [
    { name: 'empty', text: '' },
    { name: 'ASCII', text: 'bucket/key' },
    { name: 'latin1', text: 'ÿ\0\x80' },
    { name: 'beyond', text: 'é€😀' },
    { name: 'long', text: 'a'.repeat(1_000) },
    { name: 'long beyond', text: '€'.repeat(256) },
  ]) {
    it(`of a text is that of its bytes: ${name}`, () => {
      assert.equal(xxh64OfText(text, 7n), xxh64(utf8Bytes(text), 7n));
      // eslint-disable-next-line no-control-regex
      if (/^[\0-\xff]*$/.test(text)) assert.equal(xxh64OfLatin1(text, 7n), xxh64(latin1Bytes(text), 7n));
    });
  }

  it('hashes a view by its own bytes, not by its whole memory', () => {
    const all = Uint8Array.of(1, 2, 3, 4, 5);
    assert.equal(xxh64(all.subarray(1, 3)), xxh64(Uint8Array.of(2, 3)));
  });
});
