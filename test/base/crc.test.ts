import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { hexText, utf8Bytes } from '../../base/bytes.js';
import { CrcCombiner } from '../../base/crc-combine.js';
import { crc32c, crc32cPolynomial } from '../../base/crc32c.js';
import { Crc64Nvme, crc64nvmePolynomial } from '../../base/crc64nvme.js';
import { InvariantError } from '../../base/invariant.js';

const counting = Uint8Array.from({ length: 32 }, (_, i) => i);

describe('CRC-32C', () => {
  // RFC 3720, appendix B.4; there the bytes of the CRC are in the order of sending, the lowest first.
  const cases = [
    { name: '32 zeros', bytes: new Uint8Array(32), crc: 0x8a91_36aa },
    { name: '32 ones', bytes: new Uint8Array(32).fill(0xff), crc: 0x62a8_ab43 },
    { name: '32 bytes counting up', bytes: counting, crc: 0x46dd_794e },
    { name: '32 bytes counting down', bytes: counting.toReversed(), crc: 0x113f_db5c },
    { name: 'the check value', bytes: utf8Bytes('123456789'), crc: 0xe306_9283 },
    { name: 'nothing', bytes: new Uint8Array(0), crc: 0 },
  ];
  for (const c of cases) it(`of ${c.name}`, () => assert.equal(crc32c(c.bytes), c.crc));

  it('is the same however the bytes lie and are cut, bit by bit as by tables', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(7), fc.nat(100), (bytes, shift, cut) => {
        const moved = new Uint8Array(bytes.length + shift);
        moved.set(bytes, shift);
        const view = moved.subarray(shift);
        const expected = bitwise(bytes, BigInt(crc32cPolynomial), 32n);
        assert.equal(crc32c(view.subarray(cut), crc32c(view.subarray(0, cut))), Number(expected));
      }),
    );
  });
});

describe('CRC-64/NVME', () => {
  // NVM Express, NVM Command Set Specification, "64b CRC test cases", and the catalogue's check value.
  const cases = [
    { name: 'the check value', bytes: utf8Bytes('123456789'), crc: 'ae8b14860a799888' },
    { name: '4 KiB of zeros', bytes: new Uint8Array(4096), crc: '6482d367eb22b64e' },
    { name: '4 KiB of ones', bytes: new Uint8Array(4096).fill(0xff), crc: 'c0ddba7302eca3ac' },
    { name: 'nothing', bytes: new Uint8Array(0), crc: '0000000000000000' },
  ];
  for (const c of cases) {
    it(`of ${c.name}`, () => {
      const crc = new Crc64Nvme();
      crc.update(c.bytes);
      assert.equal(hexText(crc.digest()), c.crc);
    });
  }

  it('is the same however the bytes lie and are cut, bit by bit as by tables', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(7), fc.nat(100), (bytes, shift, cut) => {
        const moved = new Uint8Array(bytes.length + shift);
        moved.set(bytes, shift);
        const crc = new Crc64Nvme();
        crc.update(moved.subarray(shift, shift + cut));
        crc.update(moved.subarray(shift + cut));
        const expected = bitwise(bytes, crc64nvmePolynomial, 64n);
        assert.equal(hexText(crc.digest()), expected.toString(16).padStart(16, '0'));
      }),
    );
  });
});

describe('the CRC of a concatenation', () => {
  const crc64 = (bytes: Uint8Array): Uint8Array => {
    const crc = new Crc64Nvme();
    crc.update(bytes);
    return crc.digest();
  };
  const kinds = [
    { name: 'CRC-32', combiner: new CrcCombiner(0xedb8_8320n, 32), of: (b: Uint8Array) => word(crc32(b)) },
    {
      name: 'CRC-32C',
      combiner: new CrcCombiner(BigInt(crc32cPolynomial), 32),
      of: (b: Uint8Array) => word(crc32c(b)),
    },
    { name: 'CRC-64/NVME', combiner: new CrcCombiner(crc64nvmePolynomial, 64), of: crc64 },
  ];
  for (const { name, combiner, of } of kinds) {
    it(`follows from those of its pieces: ${name}`, () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 6 }), (pieces) => {
          const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
          const combined = pieces.reduce(
            (sum, piece) => combiner.combine(sum, of(piece), piece.byteLength),
            of(new Uint8Array(0)),
          );
          assert.equal(hexText(combined), hexText(of(whole)));
        }),
      );
    });

    it(`does not depend on where brackets are, at any length: ${name}`, () => {
      const bytes = combiner.combine(of(counting), of(counting), 32).byteLength;
      const crc = fc.uint8Array({ minLength: bytes, maxLength: bytes });
      const length = fc.integer({ min: 0, max: 2 ** 52 - 1 });
      fc.assert(
        fc.property(crc, crc, crc, length, length, (a, b, c, bBytes, cBytes) => {
          const left = combiner.combine(combiner.combine(a, b, bBytes), c, cBytes);
          const right = combiner.combine(a, combiner.combine(b, c, cBytes), bBytes + cBytes);
          assert.equal(hexText(left), hexText(right));
        }),
      );
    });

    it(`is not calculated of what cannot be: ${name}`, () => {
      const crc = of(counting);
      assert.throws(() => combiner.combine(crc, crc.subarray(1), 1), InvariantError);
      assert.throws(() => combiner.combine(crc, crc, -1), InvariantError);
      assert.throws(() => combiner.combine(crc, crc, 0.5), InvariantError);
    });
  }
});

function word(crc: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, crc);
  return bytes;
}

/** By the definition, a bit at a time. */
function bitwise(bytes: Uint8Array, polynomial: bigint, bits: bigint): bigint {
  const ones = (1n << bits) - 1n;
  let crc = ones;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >> 1n) ^ ((crc & 1n) * polynomial);
  }
  return crc ^ ones;
}
