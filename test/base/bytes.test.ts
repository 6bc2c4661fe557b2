import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  compareBytes,
  concatBytes,
  equalBytes,
  flatLatin1,
  hexText,
  latin1Bytes,
  latin1Text,
  totalBytes,
  utf8Bytes,
  utf8Text,
  viewBuffer,
} from '../../base/bytes.js';

const bytes = fc.uint8Array({ maxLength: 40 });

describe('bytes', () => {
  it('carry any text through UTF-8, a byte order mark too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        assert.equal(utf8Text(utf8Bytes(text)), text);
      }),
    );
    assert.equal(utf8Text(utf8Bytes('\uFEFFx')), '\uFEFFx');
  });

  it('that are not UTF-8 are refused, not replaced', () => {
    assert.throws(() => utf8Text(Uint8Array.of(0xc3, 0x28)), TypeError);
  });

  it('become latin1 strings that sort as the bytes do', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const [x, y] = [latin1Text(a), latin1Text(b)];
        assert.equal(Math.sign(compareBytes(a, b)), x < y ? -1 : x > y ? 1 : 0);
        assert.deepEqual(new Uint8Array(latin1Bytes(x)), a);
        assert.equal(equalBytes(a, b), x === y);
      }),
    );
  });

  it('leave a text the same text in one piece, latin1 or not, short or long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300, size: 'max' }), bytes, (text, latin1) => {
        assert.equal(flatLatin1(`${text}${text}`), `${text}${text}`);
        assert.equal(flatLatin1(`o${latin1Text(latin1)}`), `o${latin1Text(latin1)}`);
      }),
    );
  });

  it('concatenate into fresh memory, even from one piece', () => {
    const piece = Uint8Array.of(1, 2);
    const one = concatBytes([piece]);
    piece[0] = 9;
    assert.deepEqual([...one], [1, 2]);
    assert.deepEqual([...concatBytes([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)])], [1, 2, 3]);
    assert.equal(concatBytes([]).byteLength, 0);
    assert.equal(totalBytes([piece, piece]), 4);
  });

  it('are seen as a Buffer without a copy', () => {
    const whole = Uint8Array.of(0, 0xab, 0xcd, 0);
    const view = viewBuffer(whole.subarray(1, 3));
    whole[1] = 0xef;
    assert.equal(hexText(view), 'efcd');
  });
});
