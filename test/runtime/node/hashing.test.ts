import assert from 'node:assert/strict';
import { hexText } from '../../../base/bytes.js';
import { toCairnError } from '../../../base/errors.js';
import { digestOf } from '../../../runtime/hasher.js';
import { NodeHashing, type NodeHashingOptions } from '../../../runtime/node/hashing.js';
import { HashThread } from '../../../runtime/node/hash-thread.js';
import { HashThreadStream, type Slabs } from '../../../runtime/node/hash-thread-stream.js';
import { patternBytes, withCode } from '../contract/harness.js';
import { hashingContract } from '../contract/hashing-contract.js';

// One for all tests, as a gateway has: to start a thread for each would take most of their time.
const shared = new NodeHashing({ threadsMax: 2 });
after(() => shared.close());

hashingContract('node', async () => ({ hashing: shared, run: (body) => body(), close: async () => {} }));

/** Closed whatever happens: a stream that was left would keep the process. */
async function withHashing(options: NodeHashingOptions, body: (hashing: NodeHashing) => Promise<void>): Promise<void> {
  const hashing = new NodeHashing(options);
  try {
    await body(hashing);
  } finally {
    await hashing.close();
  }
}

describe('hashing in threads', () => {
  it('counts the streams in threads, and short ones are not among them', async () => {
    const short = shared.start(['md5'], 1000);
    assert.equal(shared.load.threadStreams, 0);
    const long = shared.start(['md5'], 1_000_000);
    const unknown = shared.start(['md5'], undefined);
    assert.equal(shared.load.threadStreams, 2);
    await Promise.all([short.finish(), long.finish(), unknown.finish()]);
    assert.equal(shared.load.threadStreams, 0);
  });

  it('hashes here what is more than its bound, and counts it', async () => {
    await withHashing({ threadsMax: 1, streamsMax: 1 }, async (hashing) => {
      const bytes = patternBytes(600_000);
      const streams = [hashing.start(['md5'], 600_000), hashing.start(['md5'], 600_000)];
      assert.deepEqual(hashing.load, { threadStreams: 1, overflowed: 1 });
      for (const stream of streams) {
        await stream.update(bytes);
        const digests = await stream.finish();
        assert.equal(hexText(digests.get('md5') ?? bytes), hexText(digestOf('md5', bytes)));
      }
    });
  });

  it('takes memory back only when the thread has done with it', async () => {
    await withHashing({ threadsMax: 1, slabBytes: 4096 }, async (hashing) => {
      // Abandoned with both slabs on their way: were they given to the next at once, one of the two would be hashed wrong.
      for (let round = 0; round < 50; round += 1) {
        const abandoned = hashing.start(['sha512', 'md5'], undefined);
        await abandoned.update(patternBytes(8192, round));
        abandoned.abandon();
        const bytes = patternBytes(20_000, 1000 + round);
        const next = hashing.start(['md5'], undefined);
        await next.update(bytes);
        const digests = await next.finish();
        assert.equal(hexText(digests.get('md5') ?? bytes), hexText(digestOf('md5', bytes)));
      }
    });
  });

  it('makes an update wait while both slabs are on their way, and abandoning ends the wait', async () => {
    await withHashing({ threadsMax: 1, slabBytes: 4096 }, async (hashing) => {
      const stream = hashing.start(['md5'], undefined);
      const waiting = stream.update(patternBytes(100_000));
      stream.abandon();
      await assert.rejects(() => waiting, withCode('CLOSED'));
    });
  });

  it('fails what is under way when it is closed, and starts nothing after that', async () => {
    await withHashing({ threadsMax: 2 }, async (hashing) => {
      const [waiting, idle] = [hashing.start(['md5'], undefined), hashing.start(['md5'], undefined)];
      const update = waiting.update(patternBytes(3_000_000));
      const closed = hashing.close();
      await assert.rejects(() => update, withCode('CLOSED'));
      await assert.rejects(() => idle.update(patternBytes(1)), withCode('CLOSED'));
      await assert.rejects(() => idle.finish(), withCode('CLOSED'));
      idle.abandon();
      await closed;
      await hashing.close();
      assert.throws(() => hashing.start(['md5'], 1), withCode('CLOSED'));
      assert.equal(hashing.load.threadStreams, 0);
    });
  });

  for (const { name, script } of [
    { name: 'fails', script: 'throw new Error("broken")' },
    { name: 'ends', script: 'process.exit(1)' },
  ]) {
    it(`tells streams, waiting or not, when a thread ${name}, and its memory is not used again`, async () => {
      const lost: string[] = [];
      const thread = new HashThread(() => lost.push('lost'), new URL(`data:text/javascript,${script}`));
      const released: (Slabs | undefined)[] = [];
      const slabs = (): Slabs => [new Uint8Array(16), new Uint8Array(16)];
      const streams = [1, 2].map(
        () => new HashThreadStream(thread, ['md5'], slabs(), (memory) => released.push(memory)),
      );
      const [first, second] = streams;
      await assert.rejects(async () => first?.update(new Uint8Array(100)), withCode('INTERNAL', 'send it again'));
      await assert.rejects(async () => second?.finish(), withCode('INTERNAL'));
      assert.deepEqual({ lost, released }, { lost: ['lost'], released: [undefined, undefined] });
      await thread.close();
      assert.equal(lost.length, 1);
    });
  }

  it('starts another thread after one was lost', async () => {
    const errors: string[] = [];
    await withHashing({ threadsMax: 1 }, async (hashing) => {
      const stream = hashing.start(['md5'], undefined);
      // An algorithm that there is none of makes the thread fail, as a bug in it would.
      const broken = hashing.start(['none' as 'md5'], undefined);
      for (const each of [stream, broken]) {
        await each.finish().catch((error: unknown) => errors.push(toCairnError(error).code));
      }
      assert.deepEqual(errors, ['INTERNAL', 'INTERNAL']);
      const next = hashing.start(['crc32'], undefined);
      await next.update(patternBytes(10));
      assert.equal((await next.finish()).get('crc32')?.byteLength, 4);
    });
  });
});
