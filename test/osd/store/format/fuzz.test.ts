/**
 * Every decoder of the store on bytes that nobody vouches for: it returns, or throws a typed error, and takes no more
 * memory than the bytes are worth.
 *
 *     FUZZ=1000000 npx mocha dist/test/osd/store/format/fuzz.test.js         so many inputs in all
 *     SEED=17 npx mocha dist/test/osd/store/format/fuzz.test.js
 */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../../base/errors.js';
import { xxh64 } from '../../../../base/xxh64.js';
import { batchHeaderBytes } from '../../../../osd/store/format/batch-header.js';
import { decodeSnappy } from '../../../../osd/store/tools/leveldb/snappy.js';
import { Manifest } from '../../../../osd/store/tools/leveldb/manifest.js';
import { blockEntries } from '../../../../osd/store/tools/leveldb/table-file.js';
import { Prng } from '../../../../runtime/sim/prng.js';
import { batchPlace, batchStoreSeed, formatSamples, type FormatSample } from './samples.js';

const inputs = Number(process.env['FUZZ'] ?? 12_000);
const seed = process.env['SEED'] ?? '1';

const leveldbSamples: FormatSample[] = [
  {
    name: 'snappy block',
    bytes: Uint8Array.of(10, 1 << 2, 97, 98, 1 | (4 << 2), 2),
    decode: (bytes) => decodeSnappy(bytes, 2 ** 26),
    value: undefined,
  },
  {
    name: 'LevelDB block',
    bytes: Uint8Array.of(0, 3, 2, 97, 98, 99, 1, 2, 2, 1, 1, 100, 3, 0, 0, 0, 0, 1, 0, 0, 0),
    decode: (bytes) => Array.from(blockEntries(bytes)),
    value: undefined,
  },
  {
    name: 'MANIFEST record',
    bytes: Uint8Array.of(1, 2, 97, 98, 2, 5, 7, 0, 9, 100, 1, 97, 1, 98, 6, 1, 7),
    decode: (bytes) => new Manifest().apply(bytes),
    value: undefined,
  },
];

/** Checksums hide what is behind them: most inputs get a right one again. */
function reseal(name: string, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const put = (at: number, from: Uint8Array, by?: bigint): void => {
    if (at >= 0 && at + 8 <= bytes.byteLength) view.setBigUint64(at, xxh64(from, by), true);
  };
  if (name === 'superblock') put(bytes.byteLength - 8, bytes.subarray(0, bytes.byteLength - 8));
  if (name === 'segment header') put(60, bytes.subarray(0, 60));
  if (name === 'batch header' || name === 'batch') {
    const { segment, generation } = batchPlace;
    const by = batchStoreSeed ^ (BigInt(segment) << 32n) ^ BigInt(generation);
    put(batchHeaderBytes - 8, bytes.subarray(0, batchHeaderBytes - 8), by);
  }
}

function mutate(prng: Prng, sample: Uint8Array): Uint8Array {
  let bytes = Buffer.from(sample);
  for (let left = 1 + prng.below(4); left > 0; left--) {
    const at = bytes.byteLength === 0 ? 0 : prng.below(bytes.byteLength);
    const kind = prng.below(7);
    if (kind === 0) bytes = bytes.subarray(0, at);
    else if (kind === 1)
      bytes = Buffer.concat([bytes.subarray(0, at), prng.bytes(1 + prng.below(12)), bytes.subarray(at)]);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + prng.below(8))]);
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), largeVarint(prng), bytes.subarray(at + 1)]);
    else if (kind === 4) bytes = Buffer.concat([bytes, bytes.subarray(at)]);
    else if (bytes.byteLength > 0) {
      bytes = Buffer.from(bytes);
      bytes[at] = kind === 5 ? (bytes[at] ?? 0) ^ (1 << prng.below(8)) : prng.pick([0, 1, 0x7f, 0x80, 0xff]);
    }
  }
  return new Uint8Array(bytes);
}

function largeVarint(prng: Prng): Uint8Array {
  return Uint8Array.from({ length: 2 + prng.below(8) }, (_, i) => (i === 0 ? 0xff : 0x80 | prng.below(128))).fill(
    1,
    -1,
  );
}

describe('osd/store: decoders of mutated bytes', () => {
  const samples = [...formatSamples, ...leveldbSamples];
  const typed = new Set(['PARSE_ERROR', 'CORRUPT', 'UNSUPPORTED']);
  const each = Math.ceil(inputs / samples.length);
  for (const sample of samples) {
    it(`${sample.name}: typed errors only, and no more memory than the bytes are worth`, function () {
      this.timeout(Math.max(20_000, inputs));
      const prng = new Prng(`${seed}/${sample.name}`);
      const before = process.memoryUsage().arrayBuffers;
      let refused = 0;
      for (let i = 0; i < each; i++) {
        const bytes = mutate(prng, sample.bytes);
        if (prng.chance(0.8)) reseal(sample.name, bytes);
        try {
          if (sample.decode(bytes) === undefined) refused += 1;
        } catch (error) {
          refused += 1;
          const isTyped = isCairnError(error) && typed.has(error.code);
          assert.ok(
            isTyped,
            `input ${i} ${Buffer.from(bytes).toString('hex')}: ${error instanceof Error ? error.stack : ''}`,
          );
        }
        if (i % 50 === 0) {
          assert.ok(process.memoryUsage().arrayBuffers - before < 256 * 2 ** 20, `input ${i} took too much memory`);
        }
      }
      assert.ok(refused > each / 10, 'mutations reach the checks');
    });
  }
});
