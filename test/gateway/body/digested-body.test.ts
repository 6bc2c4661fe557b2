import assert from 'node:assert/strict';
import fc from 'fast-check';
import { concatBytes, hexText } from '../../../base/bytes.js';
import { CairnError } from '../../../base/errors.js';
import { InvariantError } from '../../../base/invariant.js';
import { checksumAlgorithms, hashOf } from '../../../gateway/body/checksum-algorithm.js';
import { base64Text } from '../../../gateway/body/base64-digest.js';
import { type BodyPromises, DigestedBody } from '../../../gateway/body/digested-body.js';
import type { BodySource } from '../../../gateway/http/request.js';
import { digestOf } from '../../../runtime/hasher.js';
import type { Digests, Hashing, HashStream } from '../../../runtime/hashing.js';
import { InThreadHashing } from '../../../runtime/in-thread-hashing.js';
import { patternBytes, withCode } from '../../runtime/contract/harness.js';
import { s3Error } from '../assert-s3-error.js';

const nothing: BodyPromises = {
  bytes: undefined,
  contentMd5: undefined,
  checksum: undefined,
  contentSha256: undefined,
};
const bytes = patternBytes(1000, 1);
const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 400), bytes.subarray(400, 400), bytes.subarray(400)];

describe('a body on its way', () => {
  it('goes through unchanged, and has its digests: MD5, and CRC64NVME where the client wants none', async () => {
    const body = bodyOf(pieces);
    assert.equal(hexText(concatBytes(await read(body))), hexText(bytes));
    const digests = await body.verify();
    assert.deepEqual([digests.bytes, digests.algorithm], [1000, 'CRC64NVME']);
    assert.equal(hexText(digests.md5), hexText(digestOf('md5', bytes)));
    assert.equal(hexText(digests.checksum), hexText(digestOf('crc64nvme', bytes)));
  });

  for (const algorithm of checksumAlgorithms) {
    it(`has the checksum that it is wanted to have, and it is compared: ${algorithm}`, async () => {
      const value = digestOf(hashOf(algorithm), bytes);
      for (const promises of [
        { checksum: { algorithm, value } },
        { storedAlgorithm: algorithm },
        {
          checksum: { algorithm, value: undefined },
          trailer: () => new Map([[`x-amz-checksum-${algorithm.toLowerCase()}`, base64Text(value)]]),
        },
      ]) {
        const verified = await whole(promises);
        assert.equal(verified.algorithm, algorithm);
        assert.equal(hexText(verified.checksum), hexText(value));
        assert.equal(hexText(verified.md5), hexText(digestOf('md5', bytes)));
      }
      const other = digestOf(hashOf(algorithm), bytes.subarray(1));
      const mentions = `The ${algorithm} you specified`;
      await assert.rejects(whole({ checksum: { algorithm, value: other } }), s3Error('BadDigest', { mentions }));
      const trailer = (): Map<string, string> =>
        new Map([[`x-amz-checksum-${algorithm.toLowerCase()}`, base64Text(other)]]);
      await assert.rejects(
        whole({ checksum: { algorithm, value: undefined }, trailer }),
        s3Error('BadDigest', { mentions }),
      );
    });
  }

  it('keeps all promises at once', async () => {
    await whole({
      bytes: 1000,
      contentMd5: digestOf('md5', bytes),
      contentSha256: hexText(digestOf('sha256', bytes)),
      checksum: { algorithm: 'SHA256', value: digestOf('sha256', bytes) },
    });
    const empty = bodyOf([], { bytes: 0, contentMd5: digestOf('md5', new Uint8Array(0)) });
    assert.deepEqual(await read(empty), []);
    assert.equal((await empty.verify()).bytes, 0);
  });

  it('is refused where the MD5 is another', async () => {
    const contentMd5 = digestOf('md5', bytes.subarray(1));
    const fields = { ExpectedDigest: base64Text(contentMd5), CalculatedDigest: base64Text(digestOf('md5', bytes)) };
    await assert.rejects(whole({ contentMd5 }), s3Error('BadDigest', { fields }));
  });

  it('is refused where the hash that the signature covers is another, before anything else', async () => {
    const contentSha256 = '0'.repeat(64);
    const fields = {
      ClientComputedContentSHA256: contentSha256,
      S3ComputedContentSHA256: hexText(digestOf('sha256', bytes)),
    };
    await assert.rejects(
      whole({ contentSha256, contentMd5: new Uint8Array(16) }),
      s3Error('XAmzContentSHA256Mismatch', { fields }),
    );
  });

  it('is refused where the trailer lacks the checksum, or has it malformed', async () => {
    const checksum = { algorithm: 'CRC32', value: undefined } as const;
    await assert.rejects(whole({ checksum }), s3Error('InvalidRequest', { mentions: 'lacks' }));
    await assert.rejects(
      whole({ checksum, trailer: () => new Map() }),
      s3Error('InvalidRequest', { mentions: 'lacks' }),
    );
    const trailer = (): Map<string, string> => new Map([['x-amz-checksum-crc32', 'x']]);
    await assert.rejects(whole({ checksum, trailer }), s3Error('InvalidRequest', { mentions: 'trailing header' }));
  });

  it('asks for the trailer only after its end', async () => {
    let hasEnded = false;
    const source = async function* (): BodySource {
      yield bytes;
      hasEnded = true;
    };
    const body = new DigestedBody(new InThreadHashing(), source(), {
      ...nothing,
      checksum: { algorithm: 'CRC32', value: undefined },
      trailer: () => {
        assert.ok(hasEnded);
        return new Map([['x-amz-checksum-crc32', base64Text(digestOf('crc32', bytes))]]);
      },
    });
    await read(body);
    await body.verify();
  });

  it('ends in an error with fewer bytes than promised, and with more at once', async () => {
    const fields = { NumberBytesExpected: '1001', NumberBytesProvided: '1000' };
    await assert.rejects(read(bodyOf(pieces, { bytes: 1001 })), s3Error('IncompleteBody', { fields }));
    const taken: number[] = [];
    const tooLong = bodyOf([bytes, bytes, bytes], { bytes: 1500 });
    const reading = async (): Promise<void> => {
      for await (const piece of tooLong) taken.push(piece.byteLength);
    };
    await assert.rejects(reading, s3Error('IncompleteBody', { fields: { NumberBytesExpected: '1500' } }));
    assert.deepEqual(taken, [1000]);
  });

  it('fails as its source does', async () => {
    const source = async function* (): BodySource {
      yield bytes;
      throw new CairnError('CONNECTION_LOST', 'the client went away');
    };
    const body = new DigestedBody(new InThreadHashing(), source(), nothing);
    await assert.rejects(read(body), withCode('CONNECTION_LOST'));
    body.abandon();
    body.abandon();
  });

  it('tells its source when its reader stops early', async () => {
    let isReleased = false;
    const source = async function* (): BodySource {
      try {
        yield bytes;
        yield bytes;
      } finally {
        isReleased = true;
      }
    };
    const body = new DigestedBody(new InThreadHashing(), source(), nothing);
    for await (const piece of body) {
      assert.equal(piece.byteLength, 1000);
      break;
    }
    assert.ok(isReleased);
    body.abandon();
  });

  it('is read once and verified once, after that', async () => {
    const body = bodyOf(pieces);
    await assert.rejects(() => body.verify(), InvariantError);
    await read(body);
    await assert.rejects(read(body), InvariantError);
    await body.verify();
    await assert.rejects(() => body.verify(), InvariantError);
  });

  it('has the source wait until its piece is hashed', async () => {
    const hashing = new ByHand();
    const asked: number[] = [];
    const source = async function* (): BodySource {
      for (let i = 0; i < 2; i += 1) {
        asked.push(i);
        yield bytes;
      }
    };
    const body = new DigestedBody(hashing, source(), nothing);
    const iterator = body[Symbol.asyncIterator]();
    // The reader gets a piece while it is hashed.
    assert.equal((await iterator.next()).value, bytes);
    const next = iterator.next();
    await Promise.resolve();
    assert.deepEqual(asked, [0]);
    hashing.settle();
    assert.equal((await next).value, bytes);
    assert.deepEqual(asked, [0, 1]);
  });

  it('fails when its hashing does, though the reader had the piece already', async () => {
    const hashing = new ByHand();
    const body = new DigestedBody(hashing, sourceOf([bytes, bytes]), nothing);
    const iterator = body[Symbol.asyncIterator]();
    await iterator.next();
    hashing.settle(new CairnError('INTERNAL', 'the thread ended'));
    await assert.rejects(() => iterator.next(), withCode('INTERNAL'));
  });

  it('tells the hashing how long it will be, and wants each digest once', async () => {
    const hashing = new ByHand();
    const contentSha256 = '0'.repeat(64);
    for (const [promises, wanted] of [
      [{ bytes: 5 }, ['md5', 'crc64nvme', 5]],
      [{ contentSha256 }, ['md5', 'crc64nvme', 'sha256', undefined]],
      [{ contentSha256, storedAlgorithm: 'SHA256' }, ['md5', 'sha256', undefined]],
      [{ storedAlgorithm: 'MD5' }, ['md5', undefined]],
    ] as const) {
      assert.ok(new DigestedBody(hashing, sourceOf([]), { ...nothing, ...promises }));
      assert.deepEqual(hashing.started.pop(), wanted);
    }
  });

  it('has the same digests however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), async (cut) => {
        const all = concatBytes(cut);
        const body = bodyOf(cut, { bytes: all.byteLength, contentMd5: digestOf('md5', all) });
        await read(body);
        assert.equal(hexText((await body.verify()).checksum), hexText(digestOf('crc64nvme', all)));
      }),
    );
  });
});

async function* sourceOf(all: readonly Uint8Array[]): BodySource {
  for (const piece of all) yield piece;
}

function bodyOf(all: readonly Uint8Array[], promises: Partial<BodyPromises> = {}): DigestedBody {
  return new DigestedBody(new InThreadHashing(), sourceOf(all), { ...nothing, ...promises });
}

async function read(body: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const piece of body) all.push(piece);
  return all;
}

async function whole(promises: Partial<BodyPromises>): ReturnType<DigestedBody['verify']> {
  const body = bodyOf(pieces, promises);
  await read(body);
  return body.verify();
}

/** Hashes nothing; an update settles when the test says so. */
class ByHand implements Hashing {
  readonly started: unknown[][] = [];
  settle: (error?: Error) => void = () => {};

  start(algorithms: readonly string[], expectedBytes: number | undefined): HashStream {
    this.started.push([...algorithms, expectedBytes]);
    return {
      update: () =>
        new Promise((resolve, reject) => {
          this.settle = (error) => (error === undefined ? resolve() : reject(error));
        }),
      finish: async (): Promise<Digests> => new Map(),
      abandon: () => {},
    };
  }
}
