import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isCairnError } from '../../base/errors.js';
import { SimMemory } from '../../runtime/sim/sim-memory.js';
import { FrameChecksum } from '../../wire/frame-checksum.js';
import { FrameDecoder, type FrameSink } from '../../wire/frame-decoder.js';
import { frameTypes, prefixBytes, writePrefix, type FramePrefix } from '../../wire/frame.js';
import { encodeFrames, prefixOf, type TestFrame } from './frames.js';

const seed = 0x0123456789abcdefn;
const limits = { headerBytesMax: 512, payloadBytesMax: 4096, memory: new SimMemory() };

interface Seen {
  readonly prefix: FramePrefix;
  readonly header: Buffer;
  readonly payload: Uint8Array;
}

/** Keeps what arrives; the header is copied, since it is a view. */
class Keeper implements FrameSink {
  readonly seen: Seen[] = [];
  admitted = 0;

  admit(): void {
    this.admitted++;
  }

  frame(prefix: Readonly<FramePrefix>, viewSource: Uint8Array, start: number, end: number, payload: Uint8Array): void {
    this.seen.push({ prefix: { ...prefix }, header: Buffer.from(viewSource.subarray(start, end)), payload });
  }
}

function decoderFor(sink: FrameSink, withChecksum = true): FrameDecoder {
  return new FrameDecoder({ ...limits, checksum: withChecksum ? new FrameChecksum(seed) : undefined }, sink);
}

/** Pushes `bytes` cut at `cuts`, through memory that is overwritten after each call. */
function pushInPieces(decoder: FrameDecoder, bytes: Uint8Array, cuts: readonly number[]): void {
  const scratch = Buffer.alloc(bytes.byteLength);
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.byteLength + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, bytes.byteLength]) {
    const piece = bytes.subarray(from, end);
    scratch.set(piece);
    decoder.push(scratch.subarray(0, piece.byteLength));
    scratch.fill(0xdd);
    from = end;
  }
}

function same(seen: readonly Seen[], frames: readonly TestFrame[]): void {
  assert.equal(seen.length, frames.length);
  for (const [i, frame] of frames.entries()) {
    assert.deepEqual(seen[i]?.prefix, prefixOf(frame));
    assert.ok(seen[i]?.header.equals(frame.header));
    assert.equal(Buffer.compare(seen[i]?.payload ?? Buffer.alloc(0), frame.payload), 0);
  }
}

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const anyFrame: fc.Arbitrary<TestFrame> = fc.record({
  type: fc.constantFrom(...Object.values(frameTypes)),
  level: fc.integer({ min: 0, max: 3 }),
  requestId: u32,
  deadlineMs: u32,
  method: u32,
  header: fc.uint8Array({ maxLength: 60 }),
  payload: fc.uint8Array({ maxLength: 120 }),
});
const anyFrames = fc.array(anyFrame, { minLength: 8, maxLength: 12, size: 'max' });
const anyCuts = fc.array(fc.nat(3000), { maxLength: 12 });

describe('wire: frames', () => {
  const golden: { name: string; frame: TestFrame; hex: string }[] = [
    {
      name: 'request',
      frame: full(frameTypes.request),
      hex: '578a133a83a4213aca01010004030201040000000400000088130000d0c0b0a081a16b01deadbeef',
    },
    {
      name: 'response',
      frame: full(frameTypes.response),
      hex: '501aeffc6a93f5dfca02010004030201040000000400000088130000d0c0b0a081a16b01deadbeef',
    },
    {
      name: 'error',
      frame: { ...bare(frameTypes.error), header: bytesOf('c0') },
      hex: 'a4f2fa0bb8dd825aca030000000000000100000000000000ffffffff00000000c0',
    },
    {
      name: 'one-way',
      frame: full(frameTypes.oneWay),
      hex: '404d69cc923b9249ca04010004030201040000000400000088130000d0c0b0a081a16b01deadbeef',
    },
    {
      name: 'cancel',
      frame: { ...bare(frameTypes.cancel), requestId: 7 },
      hex: '66d17dcb40319245ca050000070000000000000000000000ffffffff00000000',
    },
    {
      name: 'credit',
      frame: { ...bare(frameTypes.credit), level: 2, requestId: 3, method: 900 },
      hex: 'af9149e5ee4ecdc0ca060200030000000000000000000000ffffffff84030000',
    },
    {
      name: 'ping',
      frame: { ...bare(frameTypes.ping), requestId: 1 },
      hex: 'f569ead93fe3dc46ca070000010000000000000000000000ffffffff00000000',
    },
    {
      name: 'pong',
      frame: { ...bare(frameTypes.pong), requestId: 1 },
      hex: '87ada1cdb48b81a6ca080000010000000000000000000000ffffffff00000000',
    },
    {
      name: 'goodbye',
      frame: { ...bare(frameTypes.goodbye), header: bytesOf('c0') },
      hex: '4731c7f68c31850cca090000000000000100000000000000ffffffff00000000c0',
    },
  ];
  for (const { name, frame, hex } of golden) {
    it(`the bytes of a ${name} frame stay as they are`, () => {
      assert.equal(encodeFrames([frame], seed).toString('hex'), hex);
    });
  }

  it('without checksums the field is zero', () => {
    const bytes = encodeFrames([full(frameTypes.request)]);
    assert.equal(bytes.subarray(0, 8).toString('hex'), '0000000000000000');
    const keeper = new Keeper();
    decoderFor(keeper, false).push(bytes);
    same(keeper.seen, [full(frameTypes.request)]);
  });

  it('valid frames round-trip, wherever they are cut (60,000 frames)', () => {
    let count = 0;
    fc.assert(
      fc.property(anyFrames, anyCuts, (frames, cuts) => {
        const keeper = new Keeper();
        pushInPieces(decoderFor(keeper), encodeFrames(frames, seed), cuts);
        same(keeper.seen, frames);
        count += frames.length;
      }),
      { numRuns: 7500 },
    );
    assert.ok(count >= 60_000, `${count} frames`);
  });

  it('damaged frames give a typed error or wait for more, and nothing wrong is delivered (60,000 frames)', () => {
    let count = 0;
    const damage = fc.oneof(
      fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat(7) }),
      fc.record({ kind: fc.constant('truncate' as const), at: fc.nat(), bit: fc.nat(7) }),
      fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), bit: fc.nat(7) }),
      fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(), bit: fc.nat(7) }),
    );
    fc.assert(
      fc.property(anyFrames, anyCuts, damage, (frames, cuts, harm) => {
        const bytes = damaged(encodeFrames(frames, seed), harm);
        const keeper = new Keeper();
        const decoder = decoderFor(keeper);
        count += frames.length;
        try {
          pushInPieces(decoder, bytes, cuts);
        } catch (error) {
          assert.ok(isCairnError(error, 'PROTOCOL_ERROR'), String(error));
          assert.throws(
            () => decoder.push(bytes),
            (again) => again === error,
          );
        }
        assert.ok(keeper.seen.length <= frames.length);
        same(keeper.seen, frames.slice(0, keeper.seen.length));
      }),
      { numRuns: 7500 },
    );
    assert.ok(count >= 60_000, `${count} frames`);
  });

  it('garbage gives a typed error or waits for more', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), anyCuts, (bytes, cuts) => {
        try {
          pushInPieces(decoderFor(new Keeper()), bytes, cuts);
        } catch (error) {
          assert.ok(isCairnError(error, 'PROTOCOL_ERROR'));
        }
      }),
      { numRuns: 3000 },
    );
  });

  for (const [field, over] of [
    ['header', { headerBytes: limits.headerBytesMax + 1, payloadBytes: 0 }],
    ['header of 4 GiB', { headerBytes: 0xffffffff, payloadBytes: 0 }],
    ['payload', { headerBytes: 0, payloadBytes: limits.payloadBytesMax + 1 }],
    ['payload of 4 GiB', { headerBytes: 0, payloadBytes: 0xffffffff }],
  ] as const) {
    it(`a ${field} above the limit is refused by its prefix alone, before anything is asked or allocated`, () => {
      const keeper = new Keeper();
      const bytes = new Uint8Array(prefixBytes);
      const prefix = { ...prefixOf(bare(frameTypes.request)), ...over };
      writePrefix(new DataView(bytes.buffer), 0, prefix);
      const before = process.memoryUsage().arrayBuffers;
      assert.throws(
        () => decoderFor(keeper).push(bytes),
        (error) => isCairnError(error, 'PROTOCOL_ERROR'),
      );
      assert.equal(keeper.admitted, 0);
      assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
    });
  }

  it('a payload is asked for before it is allocated', () => {
    const decoder = new FrameDecoder(
      { ...limits, payloadBytesMax: 1 << 30, checksum: undefined },
      {
        admit: () => {
          throw new Error('no credit');
        },
        frame: () => assert.fail('it was refused'),
      },
    );
    const bytes = new Uint8Array(prefixBytes);
    writePrefix(new DataView(bytes.buffer), 0, { ...prefixOf(bare(1)), payloadBytes: 1 << 30 });
    const before = process.memoryUsage().arrayBuffers;
    assert.throws(() => decoder.push(bytes), /no credit/);
    assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
  });

  it('a frame of another connection, another direction, or another place in the order never verifies', () => {
    const two = [full(frameTypes.request), full(frameTypes.response)];
    const bytes = encodeFrames(two, seed);
    const first = bytes.subarray(0, bytes.byteLength / 2);
    const second = bytes.subarray(bytes.byteLength / 2);
    const wrongSeed = new FrameDecoder({ ...limits, checksum: new FrameChecksum(seed + 1n) }, new Keeper());
    assert.throws(() => wrongSeed.push(first), /checksum/);
    assert.throws(() => decoderFor(new Keeper()).push(second), /checksum/);
    assert.throws(() => decoderFor(new Keeper()).push(Buffer.concat([first, first])), /checksum/);
  });

  it('a large payload arrives in a buffer of its own, exactly as long as it is', () => {
    const frame = { ...bare(frameTypes.request), payload: Buffer.alloc(3000, 1) };
    for (const cuts of [[], [10, 500, 1000]]) {
      const keeper = new Keeper();
      pushInPieces(decoderFor(keeper), encodeFrames([frame], seed), cuts);
      assert.equal(keeper.seen[0]?.payload.buffer.byteLength, 3000);
    }
  });

  it('one byte at a time costs time in proportion to the bytes', () => {
    const large = new FrameDecoder(
      { ...limits, headerBytesMax: 1 << 20, payloadBytesMax: 1 << 20, checksum: undefined },
      new Keeper(),
    );
    const frame = { ...bare(frameTypes.request), header: Buffer.alloc(1 << 19), payload: Buffer.alloc(1 << 19) };
    const bytes = encodeFrames([frame]);
    for (let i = 0; i < bytes.byteLength; i++) large.push(bytes.subarray(i, i + 1));
  }).timeout(5000);

  it('a sink that stops the decoder gets nothing more, even of the same chunk', () => {
    let count = 0;
    const decoder: FrameDecoder = new FrameDecoder(
      { ...limits, checksum: undefined },
      {
        admit: () => {},
        frame: () => {
          count++;
          decoder.stop();
        },
      },
    );
    decoder.push(encodeFrames([bare(7), bare(7), bare(7)]));
    assert.equal(count, 1);
  });
});

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}

function bare(type: number): TestFrame {
  return { type, header: new Uint8Array(0), payload: new Uint8Array(0) };
}

function full(type: number): TestFrame {
  return {
    type,
    level: 1,
    requestId: 0x01020304,
    deadlineMs: 5000,
    method: 0xa0b0c0d0,
    header: bytesOf('81a16b01'),
    payload: bytesOf('deadbeef'),
  };
}

function damaged(
  bytes: Buffer,
  harm: { kind: 'flip' | 'truncate' | 'insert' | 'repeat'; at: number; bit: number },
): Buffer {
  const at = harm.at % bytes.byteLength;
  switch (harm.kind) {
    case 'flip':
      bytes[at] = (bytes[at] ?? 0) ^ (1 << harm.bit);
      return bytes;
    case 'truncate':
      return bytes.subarray(0, at);
    case 'insert':
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([harm.bit]), bytes.subarray(at)]);
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.floor(at / 2))]);
  }
}
