/**
 * Framed bodies, split and spoilt at random. `RUNS=100000 npx mocha dist/test/gateway/body/aws-chunked-random.test.js` tries so many
 * inputs; otherwise each test ends after half a second.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AwsChunkedDecoder } from '../../../gateway/body/aws-chunked.js';
import { S3Error } from '../../../gateway/s3-error.js';
import { frame } from '../auth/signer.js';
import { boxed } from '../random-inputs.js';
import { bytesOf, seedOf, signing } from './framing.js';

const name = 'x-amz-checksum-crc32';
const modes = [
  { kind: 'unsigned, with a trailer', isSigned: false, hasTrailer: true },
  { kind: 'signed', isSigned: true, hasTrailer: false },
  { kind: 'signed, with a trailer', isSigned: true, hasTrailer: true },
];
type Mode = (typeof modes)[number];

function bodyOf({ isSigned, hasTrailer }: Mode, chunks: readonly Uint8Array[]): Buffer {
  return frame({
    chunks,
    ...(isSigned ? { signing } : {}),
    ...(hasTrailer ? { trailers: [`${name}:AAAAAA==`] } : {}),
  });
}

function decoderOf({ isSigned, hasTrailer }: Mode, decodedBytes: number): AwsChunkedDecoder {
  return new AwsChunkedDecoder({
    decodedBytes,
    seed: isSigned ? seedOf() : undefined,
    trailers: hasTrailer ? [name] : undefined,
  });
}

function decode(decoder: AwsChunkedDecoder, pieces: readonly Uint8Array[]): { payload: Buffer; trailers: object } {
  const payload = Buffer.concat(pieces.flatMap((piece) => [...decoder.push(piece)]));
  return { payload, trailers: Object.fromEntries(decoder.end()) };
}

/** Cuts where `cuts`, fractions of the whole, say. */
function split(body: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((cut) => Math.floor(cut * body.byteLength)), body.byteLength].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => body.subarray(at[i], end));
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 });
/** Lines and their ends, where cuts and changes matter most, are a small part of a body: aim at them. */
const nearLines = fc.oneof(
  fc.integer({ min: 0, max: 120 }),
  fc.integer({ min: 8200, max: 8500 }),
  fc.nat({ max: 8700 }),
);

interface Change {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: nearLines,
  remove: fc.oneof(fc.constant(0), fc.constant(1), fc.nat({ max: 300 })),
  insert: fc.oneof(
    fc.constantFrom(
      '',
      '\r',
      '\n',
      '\r\n',
      '0',
      '0\r\n',
      '\r\n0\r\n',
      ';',
      ':',
      '=',
      ';chunk-signature=',
      'ffffffff',
      name,
    ),
    fc.string({ unit: 'binary-ascii', maxLength: 4 }),
  ),
});

function spoil(body: Uint8Array, changes: readonly Change[]): Buffer {
  let text = Buffer.from(body).toString('latin1');
  for (const { at, remove, insert } of changes) text = text.slice(0, at) + insert + text.slice(at + remove);
  return Buffer.from(text, 'latin1');
}

for (const mode of modes) {
  describe(`an aws-chunked body, ${mode.kind}`, () => {
    it('is the same in whatever pieces it comes', () => {
      const sizes = fc.record({
        large: fc.array(fc.integer({ min: 8192, max: 9000 }), { maxLength: 3 }),
        last: fc.nat(100),
      });
      fc.assert(
        fc.property(sizes, cuts, ({ large, last }, cuts) => {
          const chunks = [...large, ...(last === 0 ? [] : [last])].map((size, i) => bytesOf(size, i));
          const payload = Buffer.concat(chunks);
          const found = decode(decoderOf(mode, payload.byteLength), split(bodyOf(mode, chunks), cuts));
          assert.deepEqual(found.payload, payload);
          assert.deepEqual(found.trailers, mode.hasTrailer ? { [name]: 'AAAAAA==' } : {});
        }),
        boxed(300),
      );
    });

    const chunks = [bytesOf(8192, 1), bytesOf(10, 2)];
    const payload = Buffer.concat(chunks);
    const body = bodyOf(mode, chunks);

    it('that was changed gives a typed error, or what was signed, and the same in whatever pieces', () => {
      let refused = 0;
      const outcome = (pieces: readonly Uint8Array[]): string => {
        try {
          const found = decode(decoderOf(mode, payload.byteLength), pieces);
          // Blank lines behind the end may change without harm. Without signatures other bytes may stand there, but not fewer.
          assert.equal(found.payload.byteLength, payload.byteLength);
          if (mode.isSigned) assert.deepEqual(found.payload, payload);
          return JSON.stringify(found.trailers);
        } catch (error) {
          if (!(error instanceof S3Error)) throw error;
          refused += 1;
          return error.code;
        }
      };
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), cuts, (changes, cuts) => {
          const spoilt = spoil(body, changes);
          assert.equal(outcome(split(spoilt, cuts)), outcome([spoilt]));
        }),
        boxed(3000),
      );
      assert.ok(refused > 0);
    });
  });
}

describe('what is no aws-chunked body at all', () => {
  it('gives a typed error', () => {
    const words = fc.constantFrom(
      '\r\n',
      '\n',
      '0',
      '5',
      'a',
      ';',
      'chunk-signature=',
      ':',
      '0\r\n\r\n',
      '5\r\nhello\r\n',
      name,
    );
    const text = fc.array(fc.oneof(words, fc.string({ unit: 'binary-ascii', maxLength: 3 })), { maxLength: 12 });
    fc.assert(
      fc.property(text, fc.constantFrom(...modes), fc.nat(10), (parts, mode, decodedBytes) => {
        try {
          const found = decode(decoderOf(mode, decodedBytes), [Buffer.from(parts.join(''), 'latin1')]);
          assert.equal(found.payload.byteLength, decodedBytes);
          assert.equal(mode.isSigned, false);
        } catch (error) {
          if (!(error instanceof S3Error)) throw error;
        }
      }),
      boxed(5000),
    );
  });
});
