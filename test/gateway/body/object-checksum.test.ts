import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { hexText } from '../../../base/bytes.js';
import { InvariantError } from '../../../base/invariant.js';
import { runSteps } from '../../../base/steps.js';
import { base64Text, parseBase64 } from '../../../gateway/body/base64-digest.js';
import {
  checksumAlgorithms,
  type ChecksumAlgorithm,
  checksumBytes,
  combinerOf,
  hashOf,
} from '../../../gateway/body/checksum-algorithm.js';
import {
  checkCombinedChecksum,
  checkCombinedType,
  checksumHeaderLines,
  checksumText,
  combinedChecksum,
  type ObjectChecksum,
} from '../../../gateway/body/object-checksum.js';
import { etagOfParts } from '../../../gateway/s3/etag.js';
import { digestOf } from '../../../runtime/hasher.js';
import { patternBytes } from '../../runtime/contract/harness.js';
import { s3Error } from '../assert-s3-error.js';
import { fuzz, textsLike } from '../fuzz.js';

/**
 * Made by other implementations (zlib and hashlib of Python, xxhash, and the library of AWS's own SDKs, awscrt); the bytes are those of
 * `patternBytes`. Lengths beyond 2^53 are not numbers of JSON, so `far` has them as text.
 */
interface Golden {
  readonly whole: { bytes: number; salt: number; digests: Record<ChecksumAlgorithm, string> }[];
  readonly multipart: {
    lengths: number[];
    salt: number;
    etag: string;
    composite: Partial<Record<ChecksumAlgorithm, string>>;
    fullObject: Partial<Record<ChecksumAlgorithm, string>>;
  }[];
  readonly far: ({ bytes: string } & Record<'CRC32' | 'CRC32C' | 'CRC64NVME', string>)[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../test/gateway/body/digests.json', import.meta.url), 'utf8'),
) as Golden;

describe('checksums', () => {
  for (const algorithm of checksumAlgorithms) {
    it(`${algorithm} are those of other implementations, at lengths about every boundary`, () => {
      assert.ok(golden.whole.length > 30);
      for (const { bytes, salt, digests } of golden.whole) {
        const digest = digestOf(hashOf(algorithm), patternBytes(bytes, salt));
        assert.equal(base64Text(digest), digests[algorithm], `${bytes} bytes`);
      }
    });
  }
});

describe('checksums of objects made of parts', () => {
  for (const { lengths, salt, etag, composite, fullObject } of golden.multipart) {
    const name = `${lengths.length} parts from ${lengths[0]} bytes on`;
    const parts = lengths.map((bytes, i) => patternBytes(bytes, salt + i));
    const checksums = (algorithm: ChecksumAlgorithm): { value: Uint8Array; bytes: number }[] =>
      parts.map((part) => ({ value: digestOf(hashOf(algorithm), part), bytes: part.byteLength }));

    it(`are those of other implementations: ${name}`, () => {
      for (const [type, values] of [
        ['COMPOSITE', composite],
        ['FULL_OBJECT', fullObject],
      ] as const) {
        for (const [algorithm, text] of Object.entries(values) as [ChecksumAlgorithm, string][]) {
          const sum = combined({ algorithm, type }, checksums(algorithm));
          assert.equal(checksumText(sum), text, `${type} ${algorithm}`);
          checkCombinedChecksum(text, sum);
        }
      }
      assert.equal(etagOfParts(checksums('MD5').map((part) => part.value)), etag);
    });
  }

  it('of CRCs are combined at lengths that nobody hashes', () => {
    const [first, second] = [0x1234_5678_9abc_def0n, 0x0fed_cba9_8765_4321n].map((n) => bytesOf(n, 8));
    for (const { bytes, CRC32, CRC32C, CRC64NVME } of golden.far) {
      const [a, b] = [bytesOf(0x1234_5678n, 4), bytesOf(0x9abc_def0n, 4)];
      const length = Number(bytes);
      assert.equal(base64Text(combinerOf('CRC32')?.combine(a, b, length) ?? a), CRC32);
      assert.equal(base64Text(combinerOf('CRC32C')?.combine(a, b, length) ?? a), CRC32C);
      assert.ok(first !== undefined && second !== undefined);
      assert.equal(base64Text(combinerOf('CRC64NVME')?.combine(first, second, length) ?? a), CRC64NVME);
    }
  });

  it('are combined in steps, however many parts there are', () => {
    const part = { value: Uint8Array.of(1, 2, 3, 4), bytes: 5 << 20 };
    const steps = combinedChecksum(
      { algorithm: 'CRC32', type: 'FULL_OBJECT' },
      Array.from({ length: 1_000 }, () => part),
    );
    let count = 0;
    while (steps.next().done !== true) count += 1;
    assert.equal(count, 7);
  });

  it('need parts, and of other hashes than CRCs there is no FULL_OBJECT', () => {
    assert.throws(() => combined({ algorithm: 'CRC32', type: 'FULL_OBJECT' }, []), InvariantError);
    const part = { value: digestOf('sha1', new Uint8Array(1)), bytes: 1 };
    assert.throws(() => combined({ algorithm: 'SHA1', type: 'FULL_OBJECT' }, [part]), InvariantError);
  });

  const composite = combined({ algorithm: 'CRC32', type: 'COMPOSITE' }, [
    { value: Uint8Array.of(1, 2, 3, 4), bytes: 1 },
    { value: Uint8Array.of(5, 6, 7, 8), bytes: 1 },
  ]);
  const full = combined({ algorithm: 'CRC32', type: 'FULL_OBJECT' }, [{ value: Uint8Array.of(1, 2, 3, 4), bytes: 1 }]);
  const digits = checksumText(composite).slice(0, -2);

  it('go into headers with their type', () => {
    assert.deepEqual(checksumHeaderLines(composite), [
      ['x-amz-checksum-crc32', `${digits}-2`],
      ['x-amz-checksum-type', 'COMPOSITE'],
    ]);
    assert.deepEqual(checksumHeaderLines(full), [
      ['x-amz-checksum-crc32', 'AQIDBA=='],
      ['x-amz-checksum-type', 'FULL_OBJECT'],
    ]);
  });

  it('are compared with what the client says', () => {
    for (const text of [digits, `${digits}-2`, ` ${digits}-2 `]) checkCombinedChecksum(text, composite);
    checkCombinedChecksum('AQIDBA==', full);
    for (const text of ['AQIDBA==', 'AQIDBA==-2', `${digits}-1`, `${digits}-20`]) {
      assert.throws(() => checkCombinedChecksum(text, composite), s3Error('BadDigest', { mentions: 'CRC32' }));
    }
    assert.throws(() => checkCombinedChecksum('AQIDBQ==', full), s3Error('BadDigest'));
  });

  for (const text of [
    '',
    '-2',
    'AQID',
    'AQIDBA',
    'AQIDBA==-',
    'AQIDBA==-x',
    'AQIDBA==-2-2',
    'AQIDBA==-100000',
    '!!!!!!==',
  ]) {
    it(`are refused malformed: ${text || 'nothing'}`, () => {
      const mentions = 'Value for x-amz-checksum-crc32 header is invalid.';
      assert.throws(() => checkCombinedChecksum(text, composite), s3Error('InvalidRequest', { mentions }));
    });
  }

  it('of a whole object have no number of parts', () => {
    assert.throws(() => checkCombinedChecksum('AQIDBA==-1', full), s3Error('InvalidRequest'));
  });

  it('of any text are compared or refused', () => {
    fuzz(
      textsLike(`${digits}-2`, 'AQIDBA=='),
      (text) => checkCombinedChecksum(text, composite),
      (_, text) => assert.ok(text.includes(digits)),
    );
  });

  it('are of the type of their upload', () => {
    checkCombinedType(undefined, composite);
    checkCombinedType('COMPOSITE', composite);
    assert.throws(
      () => checkCombinedType('FULL_OBJECT', composite),
      s3Error('InvalidRequest', { mentions: 'COMPOSITE' }),
    );
  });
});

describe('digests in base64', () => {
  it('have just the bytes that they should, and no other text stands for them', () => {
    assert.equal(hexText(parseBase64('AQIDBA==', 4) ?? new Uint8Array(0)), '01020304');
    for (const text of ['AQIDBA', 'AQIDBB==', 'AQIDBA==\n', 'AQID BA==', 'AQIDBAU=', 'AQID_-==', '']) {
      assert.equal(parseBase64(text, 4), undefined, text);
    }
    for (const algorithm of checksumAlgorithms) {
      const bytes = patternBytes(checksumBytes(algorithm), 1);
      assert.deepEqual(new Uint8Array(parseBase64(base64Text(bytes), bytes.byteLength) ?? []), bytes);
    }
  });
});

function combined(...of: Parameters<typeof combinedChecksum>): ObjectChecksum {
  return runSteps(combinedChecksum(...of));
}

function bytesOf(value: bigint, bytes: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value);
  return new Uint8Array(view.buffer).subarray(8 - bytes);
}
