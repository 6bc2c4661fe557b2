import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hexText, utf8Bytes } from '../../base/bytes.js';
import { createHasher, digestOf, hashAlgorithms, type HashAlgorithm } from '../../runtime/hasher.js';

/** Published: RFC 1321, FIPS 180, the CRC catalogue, xxHash's own sanity checks (seed 0). */
const vectors: Record<HashAlgorithm, Record<string, string>> = {
  crc32: { '': '00000000', '123456789': 'cbf43926' },
  crc32c: { '': '00000000', '123456789': 'e3069283' },
  crc64nvme: { '': '0000000000000000', '123456789': 'ae8b14860a799888' },
  md5: { '': 'd41d8cd98f00b204e9800998ecf8427e', abc: '900150983cd24fb0d6963f7d28e17f72' },
  sha1: { abc: 'a9993e364706816aba3e25717850c26c9cd0d89d' },
  sha256: { abc: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
  sha512: {
    abc: 'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  },
  xxh64: { '': 'ef46db3751d8e999', abc: '44bc2cf5ad770999' },
  xxh3: { '': '2d06800538d394c2', abc: '78af5f94892f3950' },
  xxh128: { '': '99aa06d3014798d86001c324468d497f', abc: '06b05ab6733a618578af5f94892f3950' },
};

describe('hashers', () => {
  for (const algorithm of Object.keys(hashAlgorithms) as HashAlgorithm[]) {
    for (const [text, digest] of Object.entries(vectors[algorithm])) {
      it(`${algorithm} of "${text}" is the published one`, () => {
        assert.equal(hexText(digestOf(algorithm, utf8Bytes(text))), digest);
      });
    }

    it(`${algorithm} is the same however the bytes are cut, whatever else is hashed meanwhile`, () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 8 }), (pieces) => {
          const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
          const hasher = createHasher(algorithm);
          const other = createHasher(algorithm);
          for (const piece of pieces) {
            hasher.update(piece);
            other.update(whole);
          }
          const digest = hasher.digest();
          assert.equal(digest.byteLength, hashAlgorithms[algorithm]);
          assert.equal(hexText(digest), hexText(digestOf(algorithm, whole)));
        }),
        { numRuns: 50 },
      );
    });
  }
});
