/**
 * The first page of a segment file: whose it is and which life it is in. Written and synced before the first batch of a
 * life, so that a segment that a batch names as its successor is known to be there.
 */
import { equalBytes } from '../../../base/bytes.js';
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import { xxh64 } from '../../../base/xxh64.js';
import { pageBytes } from '../limits.js';

export interface SegmentHeader {
  /** The store's, 16 bytes. */
  readonly uuid: Uint8Array;
  readonly segment: number;
  /** From 1; one higher each time the segment is prepared. */
  readonly generation: number;
  readonly segmentBytes: number;
  /** The last batch begun when the segment was prepared: all its batches have higher numbers. */
  readonly preparedAfter: number;
}

const magic = Buffer.from('CAIRNSEG', 'latin1');
const format = 1;

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const writer = new ByteWriter(pageBytes);
  writer.raw(magic);
  writer.u32(format);
  writer.raw(header.uuid);
  writer.u32(header.segment);
  writer.u32(header.generation);
  writer.u32(header.segmentBytes);
  writer.u64(BigInt(header.preparedAfter));
  // Cipher and id of the key (DESIGN.md section 10): none yet.
  writer.u32(0);
  writer.u64(0n);
  writer.u64(xxh64(writer.viewWritten()));
  const page = new Uint8Array(pageBytes);
  page.set(writer.viewWritten(), 0);
  return page;
}

/** `undefined` where no header of a known format stands, whole. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | undefined {
  const reader = new ByteReader(bytes);
  if (bytes.byteLength < 80 || !equalBytes(reader.viewRaw(8, 'the magic'), magic)) return undefined;
  if (reader.u32('the format') !== format) return undefined;
  const uuid = reader.viewRaw(16, 'a uuid').slice();
  const segment = reader.u32('a segment');
  const generation = reader.u32('a generation');
  const segmentBytes = reader.u32('the bytes of a segment');
  const preparedAfter = Number(reader.u64('a batch number'));
  const cipher = reader.u32('a cipher');
  reader.u64('a key id');
  const length = reader.offset;
  const checksum = reader.u64('the checksum of a segment header');
  if (checksum !== xxh64(bytes.subarray(0, length)) || cipher !== 0) return undefined;
  return { uuid, segment, generation, segmentBytes, preparedAfter };
}
