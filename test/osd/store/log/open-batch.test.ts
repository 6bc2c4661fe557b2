import assert from 'node:assert/strict';
import { concatBytes } from '../../../../base/bytes.js';
import { poolId } from '../../../../cluster/ids.js';
import { batchHeaderBytes, decodeBatchHeader, type LogHeads } from '../../../../osd/store/format/batch-header.js';
import { writeTransaction } from '../../../../osd/store/format/record.js';
import { ByteWriter } from '../../../../base/byte-writer.js';
import { parseBatch } from '../../../../osd/store/log/batch-reader.js';
import { frameOverheadBytes, OpenBatch, type FramePayload } from '../../../../osd/store/log/open-batch.js';
import { SlabPool, slabBytes } from '../../../../osd/store/log/slabs.js';
import { objectId } from '../../../../osd/store/object-id.js';
import { payloadOf, type Transaction } from '../../../../osd/store/transaction.js';
import { SimMemory } from '../../../../runtime/sim/sim-memory.js';
import { Prng } from '../../../../runtime/sim/prng.js';

const storeSeed = 77n;
const segmentBytes = 2 ** 26;
const place = { segment: 3, generation: 2, offset: 8_192 };
const heads: LogHeads = { hot: { ...place, offset: 12_288 }, hotNext: undefined, cold: undefined, coldNext: undefined };
const object = objectId(poolId(1), { namespace: '', locator: '', name: 'n' });

function newBatch(): OpenBatch {
  return new OpenBatch({ storeSeed, number: 9, place, isCold: false, slabs: new SlabPool(new SimMemory()) });
}

/** A frame with one payload, given in pieces. */
function frameOf(pieces: readonly Uint8Array[], blockShift: number): { record: Uint8Array; payloads: FramePayload[] } {
  const data = payloadOf(...pieces);
  const transaction: Transaction = {
    pg: { pool: poolId(1), pg: 0 },
    blockShift,
    mutations: [{ kind: 'write', object, offset: 0, data }],
  };
  const writer = new ByteWriter(256);
  writeTransaction(writer, transaction);
  return { record: writer.bytes(), payloads: [{ payload: data, blockShift, owner: object.owner }] };
}

function cut(bytes: Uint8Array, ...lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...pieces, bytes.subarray(at)];
}

const cases = [
  { name: 'one small piece', bytes: 100, blockShift: 12, pieces: [] },
  { name: 'one block to the byte', bytes: 4_096, blockShift: 12, pieces: [] },
  { name: 'a byte more than a block', bytes: 4_097, blockShift: 12, pieces: [] },
  { name: 'pieces that end within blocks', bytes: 20_000, blockShift: 12, pieces: [1, 4_095, 1, 5_000, 0, 3] },
  { name: 'large blocks, lent whole', bytes: 200_000, blockShift: 16, pieces: [] },
  { name: 'large blocks across pieces', bytes: 200_000, blockShift: 16, pieces: [65_535, 2, 65_536, 0] },
  { name: 'a block larger than a slab, in pieces', bytes: 2 ** 20, blockShift: 20, pieces: [10, slabBytes] },
];

describe('osd/store: a batch that is being formed', () => {
  for (const { name, bytes: dataBytes, blockShift, pieces } of cases) {
    it(`lays out ${name} as it is read back, and reads it while it is under way`, () => {
      const prng = new Prng(name);
      const data = new Uint8Array(dataBytes);
      for (let at = 0; at < dataBytes; at += 1_000) data.set(prng.bytes(Math.min(1_000, dataBytes - at)), at);
      const small = prng.bytes(50);
      const batch = newBatch();
      const frames = [frameOf([small], 12), frameOf(cut(data, ...pieces), blockShift), frameOf([small], 12)];
      const places = frames.map(({ record, payloads }) => {
        const [ref] = batch.placesOf(record.byteLength, payloads);
        batch.add(record, payloads);
        return ref;
      });
      const bytes = batch.bytes;
      const { bytes: whole, checksum } = batch.seal(5n, heads);
      assert.equal(whole.byteLength, batch.pagedBytes);
      assert.equal(whole.byteLength % 4_096, 0);
      assert.ok(
        whole.subarray(bytes).every((byte) => byte === 0),
        'the padding is zeros',
      );
      const found = decodeBatchHeader(whole, storeSeed, place);
      assert.ok(found !== undefined && found.checksum === checksum);
      assert.deepEqual([found.header.number, found.header.previous, found.header.frames], [9, 5n, 3]);
      assert.deepEqual(found.header.heads, heads);
      const read = parseBatch(whole.subarray(0, bytes), found.header, checksum, { storeSeed, segmentBytes });
      assert.deepEqual(
        read?.frames.map(({ payloads }) => payloads[0]?.ref),
        places,
      );
      // In flight: any range, from any chunk.
      for (let i = 0; i < 50; i++) {
        const from = prng.below(bytes);
        const target = new Uint8Array(1 + prng.below(bytes - from));
        batch.read(target, place.offset + from);
        assert.equal(Buffer.compare(target, whole.subarray(from, from + target.byteLength)), 0);
      }
    });
  }

  it('is read before it is sealed, all but its header', () => {
    const prng = new Prng('open');
    const batch = newBatch();
    for (let i = 0; i < 8; i++) {
      const { record, payloads } = frameOf([prng.bytes(i % 2 === 0 ? 40_000 : 500)], 16);
      batch.add(record, payloads);
      const before = new Uint8Array(batch.bytes - batchHeaderBytes);
      batch.read(before, place.offset + batchHeaderBytes);
      assert.equal(batch.frames, i + 1);
      // The last block, from behind the record of the last frame.
      const at = batch.bytes - (payloads[0]?.payload.bytes ?? 0) - 8;
      const target = new Uint8Array(payloads[0]?.payload.bytes ?? 0);
      batch.read(target, place.offset + at);
      assert.equal(Buffer.compare(target, concatBytes(payloads[0]?.payload.pieces ?? [])), 0);
    }
  });

  it('holds what is between its first and its last byte, in its segment', () => {
    const batch = newBatch();
    const { record, payloads } = frameOf([new Uint8Array(10)], 12);
    batch.add(record, payloads);
    assert.equal(batch.bytes, batchHeaderBytes + frameOverheadBytes + record.byteLength + 10 + 8);
    const end = place.offset + batch.bytes;
    const holds = [place.offset - 1, place.offset, end - 1, end].map((offset) => batch.holds(3, offset));
    assert.deepEqual(holds, [false, true, true, false]);
    assert.equal(batch.holds(4, place.offset), false);
    assert.throws(() => batch.read(new Uint8Array(2), end - 1), /the bytes are in the batch/);
  });
});
