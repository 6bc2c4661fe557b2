/**
 * Payloads: the bytes of objects and bodies, written once into the log. Behind each block stands its checksum:
 *
 *     block 0 | xxh64 | block 1 | xxh64 | … | last block, perhaps shorter | xxh64
 *
 * The seed of a checksum binds store, owner, batch and place. So a write that the disk lost or put elsewhere fails to
 * verify even where old, consistent bytes are: those had another batch number, owner or place.
 */
import type { ByteReader } from '../../../base/byte-reader.js';
import type { ByteWriter } from '../../../base/byte-writer.js';
import { xxh64 } from '../../../base/xxh64.js';
import { blockShiftMax, blockShiftMin, transactionBytesMax } from '../limits.js';

export const checksumBytes = 8;

/** Where a payload is, and how to check it. */
export interface PayloadRef {
  readonly segment: number;
  /** Of its first block, from the segment's start. */
  readonly offset: number;
  /** Without checksums; at least 1. */
  readonly bytes: number;
  /** Blocks have 2^blockShift bytes. */
  readonly blockShift: number;
  /** Number of the batch that wrote it. */
  readonly batch: number;
}

/** What a payload of so many bytes takes in the log. */
export function storedBytes(bytes: number, blockShift: number): number {
  return bytes + checksumBytes * blockCount(bytes, blockShift);
}

export function blockCount(bytes: number, blockShift: number): number {
  // No power: V8 calls a function for that, each time.
  return Math.ceil(bytes / (1 << blockShift));
}

const batchFactor = 0x9e3779b97f4a7c15n;
const placeFactor = 0xc2b2ae3d27d4eb4fn;

/** Binds the payloads of one batch to their store, from which `blockSeed` makes each block's seed. */
export function batchSeed(storeSeed: bigint, batch: number, segment: number): bigint {
  return BigInt.asUintN(64, storeSeed ^ (BigInt(batch) * batchFactor) ^ (BigInt(segment) << 32n));
}

/** Of the block that begins at `offset` of its segment. */
export function blockSeed(seedOfBatch: bigint, owner: bigint, offset: number): bigint {
  // Cut to 64 bits at each step: V8 then computes with machine words, and makes no big number of each.
  return BigInt.asUintN(64, BigInt.asUintN(64, seedOfBatch ^ owner) ^ BigInt.asUintN(64, BigInt(offset) * placeFactor));
}

export function blockChecksum(block: Uint8Array, seedOfBatch: bigint, owner: bigint, offset: number): bigint {
  return xxh64(block, blockSeed(seedOfBatch, owner, offset));
}

export function writePayloadRef(writer: ByteWriter, ref: PayloadRef): void {
  writer.varint(ref.segment);
  writer.varint(ref.offset);
  writer.varint(ref.bytes);
  writer.u8(ref.blockShift);
  writer.varint(ref.batch);
}

export function readPayloadRef(reader: ByteReader): PayloadRef {
  const segment = reader.varint('a segment', 2 ** 32 - 1);
  const offset = reader.varint('an offset in a segment', 2 ** 32 - 1);
  const bytes = reader.varint('the bytes of a payload', transactionBytesMax, 1);
  const blockShift = readBlockShift(reader);
  return { segment, offset, bytes, blockShift, batch: reader.varint('a batch number') };
}

export function readBlockShift(reader: ByteReader): number {
  const at = reader.offset;
  const shift = reader.u8('a block size');
  if (shift < blockShiftMin || shift > blockShiftMax) throw reader.error(`a block size of 2^${shift} bytes`, at);
  return shift;
}

export function isSamePayload(a: PayloadRef, b: PayloadRef): boolean {
  return a.segment === b.segment && a.offset === b.offset && a.batch === b.batch;
}
