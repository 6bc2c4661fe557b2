import assert from 'node:assert/strict';
import { hexText, latin1Bytes, utf8Bytes } from '../../base/bytes.js';
import { openValue, sealBytes, sealValue, showKey } from '../../runtime/kv-seal.js';
import { patternBytes, withCode } from './contract/harness.js';

/** Stored by every daemon there is: these bytes never change. */
const golden = [
  { key: 'a', value: '', sealed: '361cab01049d2ade' },
  { key: 'a', value: '68656c6c6f', sealed: '68656c6c6f43995c1db63de474' },
  { key: 'b', value: '68656c6c6f', sealed: '68656c6c6f58353852faadfda2' },
  { key: 'o/\x00\xff', value: '00ff00ff00ff00ff00ff', sealed: '00ff00ff00ff00ff00ff15c760d37d1cac7b' },
];

describe('the seal of stored values', () => {
  for (const { key, value, sealed } of golden) {
    it(`of ${showKey(key)} = ${value} is ${sealed.slice(value.length)}`, () => {
      assert.equal(hexText(sealValue(key, Buffer.from(value, 'hex'))), sealed);
      assert.equal(hexText(openValue(key, Buffer.from(sealed, 'hex'))), value);
    });
  }

  it('gives back what was sealed, with the key bytes given or not', () => {
    for (const size of [0, 1, 8, 1000]) {
      const value = patternBytes(size);
      const sealed = sealValue('key', value, latin1Bytes('key'));
      assert.equal(sealed.byteLength, size + sealBytes);
      assert.deepEqual(Buffer.from(openValue('key', sealed)), Buffer.from(value));
      assert.deepEqual(Buffer.from(openValue('key', sealed, latin1Bytes('key'))), Buffer.from(value));
    }
  });

  it('does not verify when any one bit of it differs', () => {
    const sealed = sealValue('key', patternBytes(20));
    for (let bit = 0; bit < sealed.byteLength * 8; bit += 1) {
      const damaged = sealed.slice();
      damaged.set(Uint8Array.of((sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7))), bit >> 3);
      assert.throws(() => openValue('key', damaged), withCode('CORRUPT', '"key"'));
    }
  });

  it('does not verify under another key, or cut, or lengthened', () => {
    const sealed = Uint8Array.from(sealValue('key', patternBytes(20)));
    assert.throws(() => openValue('kez', sealed), withCode('CORRUPT', '"kez"'));
    for (let count = 0; count < sealed.byteLength; count += 1) {
      assert.throws(() => openValue('key', sealed.subarray(0, count)), withCode('CORRUPT'));
    }
    assert.throws(() => openValue('key', Uint8Array.of(...sealed, 0)), withCode('CORRUPT'));
  });

  it('shows a key as plain text, whatever it holds', () => {
    assert.equal(showKey('plain key/1'), '"plain key/1"');
    assert.equal(showKey('a"b\\c\n\x00\x7f\xe9'), String.raw`"a\x22b\x5cc\x0a\x00\x7f\xe9"`);
    assert.equal(showKey('x'.repeat(300)), `"${'x'.repeat(200)}"... (300 bytes)`);
    assert.throws(() => openValue('\x00\xff', utf8Bytes('?')), withCode('CORRUPT', String.raw`"\x00\xff"`));
  });
});
