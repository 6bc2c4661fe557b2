import assert from 'node:assert/strict';
import { concatBytes, hexText } from '../../../base/bytes.js';
import { digestOf, hashAlgorithms, type HashAlgorithm } from '../../../runtime/hasher.js';
import type { Hashing } from '../../../runtime/hashing.js';
import { patternBytes, withCode } from './harness.js';

export interface HashingHarness {
  readonly hashing: Hashing;
  /** Runs a test's body where promises of this implementation settle. */
  run(body: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const all = Object.keys(hashAlgorithms) as HashAlgorithm[];

/** What every `Hashing` promises, whether a stream is short, long, or of unknown length. */
export function hashingContract(name: string, open: () => Promise<HashingHarness>): void {
  describe(`hashing (${name})`, () => {
    const claim = (title: string, body: (hashing: Hashing) => Promise<void>): void => {
      it(title, async () => {
        const harness = await open();
        try {
          await harness.run(() => body(harness.hashing));
        } finally {
          await harness.close();
        }
      });
    };

    for (const expected of [10, 10_000_000, undefined]) {
      const of = expected === undefined ? 'of unknown length' : `said to have ${expected} bytes`;

      claim(`a stream ${of} has the digests of its pieces joined, and has them all`, async (hashing) => {
        const bytes = patternBytes(700_001, 1);
        const stream = hashing.start(all, expected);
        let offset = 0;
        for (const size of [0, 1, 65_535, 3, 300_000, 262_144, 700_001]) {
          await stream.update(bytes.subarray(offset, offset + size));
          offset += Math.min(size, bytes.byteLength - offset);
        }
        const digests = await stream.finish();
        assert.deepEqual([...digests.keys()], all);
        for (const algorithm of all) {
          assert.equal(hexText(digests.get(algorithm) ?? bytes), hexText(digestOf(algorithm, bytes)), algorithm);
        }
      });

      claim(`a stream ${of} may be empty`, async (hashing) => {
        const digests = await hashing.start(['md5'], expected).finish();
        assert.equal(hexText(digests.get('md5') ?? new Uint8Array(0)), 'd41d8cd98f00b204e9800998ecf8427e');
      });

      claim(`a stream ${of} gives borrowed bytes back when its promise settles`, async (hashing) => {
        const stream = hashing.start(['sha256', 'crc64nvme'], expected);
        const reused = new Uint8Array(100_000);
        const pieces = [patternBytes(100_000, 2), patternBytes(100_000, 3), patternBytes(100_000, 4)];
        for (const piece of pieces) {
          reused.set(piece);
          await stream.update(reused);
          reused.fill(0xdd);
        }
        const joined = concatBytes(pieces);
        const digests = await stream.finish();
        assert.equal(hexText(digests.get('sha256') ?? joined), hexText(digestOf('sha256', joined)));
      });

      claim(`a stream ${of} takes nothing more once it has ended`, async (hashing) => {
        const finished = hashing.start(['crc32'], expected);
        await finished.update(patternBytes(10));
        await finished.finish();
        await assert.rejects(() => finished.update(patternBytes(10)), withCode('CLOSED'));
        await assert.rejects(() => finished.finish(), withCode('CLOSED'));
        finished.abandon();
        const abandoned = hashing.start(['crc32'], expected);
        await abandoned.update(patternBytes(10));
        abandoned.abandon();
        abandoned.abandon();
        await assert.rejects(() => abandoned.update(patternBytes(10)), withCode('CLOSED'));
        await assert.rejects(() => abandoned.finish(), withCode('CLOSED'));
      });

      claim(`streams ${of} do not mix`, async (hashing) => {
        const streams = [5, 6, 7].map((salt) => ({ salt, stream: hashing.start(['xxh3', 'md5', 'crc32c'], expected) }));
        for (let piece = 0; piece < 9; piece += 1) {
          await Promise.all(streams.map(({ salt, stream }) => stream.update(patternBytes(70_000, salt * 100 + piece))));
        }
        for (const { salt, stream } of streams) {
          const whole = concatBytes(Array.from({ length: 9 }, (_, piece) => patternBytes(70_000, salt * 100 + piece)));
          const digests = await stream.finish();
          for (const algorithm of ['xxh3', 'md5', 'crc32c'] as const) {
            assert.equal(hexText(digests.get(algorithm) ?? whole), hexText(digestOf(algorithm, whole)), algorithm);
          }
        }
      });
    }
  });
}
