/**
 * The header of a batch, 128 bytes at a multiple of 4 KiB. Behind it stand frames: a record, its checksum, its payloads.
 *
 *     header │ length │ record │ xxh64 │ payloads │ length │ record │ xxh64 │ … │ padding to 4 KiB
 *
 * The checksums of the frames are a chain: each is seeded with the one before, the first with the batch's seed, and the
 * header holds the last. The header's own is seeded with store, segment and generation, so that what an earlier life of
 * the segment left never verifies. `previous` ties the batch to the one before it.
 */
import { ByteReader } from '../../../base/byte-reader.js';
import type { ByteWriter } from '../../../base/byte-writer.js';
import { CairnError } from '../../../base/errors.js';
import { xxh64 } from '../../../base/xxh64.js';

/** Where a batch may begin. */
export interface BatchPlace {
  readonly segment: number;
  readonly generation: number;
  readonly offset: number;
}

export interface BatchHeader {
  /** Consecutive through the store's whole life, from 1. */
  readonly number: number;
  readonly place: BatchPlace;
  /** From the header to the end of the last frame; the padding is not counted. */
  readonly bytes: number;
  readonly frames: number;
  /** Checksum of the last frame; the batch's seed when there is none. */
  readonly lastFrame: bigint;
  /** Checksum of the header before; 0 for batch 1. */
  readonly previous: bigint;
  /** The places where the next batch can be, and nowhere else. */
  readonly heads: LogHeads;
}

/** Where the log can go on. Fresh data and what the cleaner moves (hot and cold) go to segments of their own. */
export interface LogHeads {
  readonly hot: BatchPlace | undefined;
  /** The segment that follows, when `hot` has no room. */
  readonly hotNext: BatchPlace | undefined;
  readonly cold: BatchPlace | undefined;
  readonly coldNext: BatchPlace | undefined;
}

export const headNames = ['hot', 'hotNext', 'cold', 'coldNext'] as const;

export const batchHeaderBytes = 128;

const magic = 0x54_42_6e_43; // "CnBT"
const format = 1;

/** Writes the header to the beginning of `bytes`; returns its checksum, which the next batch names. */
export function fillBatchHeader({ bytes, view }: HeaderTarget, header: BatchHeader, storeSeed: bigint): bigint {
  const { place, heads } = header;
  view.setUint32(0, magic, true);
  view.setUint8(4, format);
  view.setUint8(5, headsMask(heads));
  view.setUint16(6, 0, true);
  view.setBigUint64(8, BigInt(header.number), true);
  fillPlace(view, 16, place);
  view.setUint32(28, header.bytes, true);
  view.setUint32(32, header.frames, true);
  view.setBigUint64(36, header.lastFrame, true);
  view.setBigUint64(44, header.previous, true);
  fillPlace(view, 52, heads.hot ?? nowhere);
  fillPlace(view, 64, heads.hotNext ?? nowhere);
  fillPlace(view, 76, heads.cold ?? nowhere);
  fillPlace(view, 88, heads.coldNext ?? nowhere);
  bytes.fill(0, 100, batchHeaderBytes - 8);
  const checksum = headerChecksum(bytes, storeSeed, place);
  view.setBigUint64(batchHeaderBytes - 8, checksum, true);
  return checksum;
}

/** Both of the same memory. */
export interface HeaderTarget {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

function fillPlace(view: DataView, at: number, { segment, generation, offset }: BatchPlace): void {
  view.setUint32(at, segment, true);
  view.setUint32(at + 4, generation, true);
  view.setUint32(at + 8, offset, true);
}

/**
 * `undefined` for whatever is no header of this store that was written at this place in this life of the segment;
 * `UNSUPPORTED` for one of a later version.
 */
export function decodeBatchHeader(
  bytes: Uint8Array,
  storeSeed: bigint,
  place: BatchPlace,
): { header: BatchHeader; checksum: bigint } | undefined {
  if (bytes.byteLength < batchHeaderBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, batchHeaderBytes);
  if (view.getUint32(0, true) !== magic) return undefined;
  const checksum = view.getBigUint64(batchHeaderBytes - 8, true);
  if (checksum !== headerChecksum(bytes, storeSeed, place)) return undefined;
  const reader = new ByteReader(bytes, 4, batchHeaderBytes);
  const version = reader.u8('the format of a batch');
  if (version !== format) {
    const message = `a batch in segment ${place.segment} has format ${version}, which a later version of cairn writes`;
    throw new CairnError('UNSUPPORTED', `${message}; run that version`);
  }
  const mask = reader.u8('which heads there are');
  reader.viewRaw(2, 'reserved bytes');
  const number = Number(reader.u64('a batch number'));
  const own = readPlace(reader);
  const length = reader.u32('the bytes of a batch');
  const frames = reader.u32('the number of frames');
  const lastFrame = reader.u64('the checksum of the last frame');
  const previous = reader.u64('the checksum of the batch before');
  const heads = readHeads(reader, mask);
  const isHere = own.segment === place.segment && own.generation === place.generation && own.offset === place.offset;
  if (!isHere || !Number.isSafeInteger(number)) return undefined;
  return { header: { number, place: own, bytes: length, frames, lastFrame, previous, heads }, checksum };
}

/** Binds the frames of a batch to their place and number. */
export function firstFrameSeed(storeSeed: bigint, number: number, place: BatchPlace): bigint {
  seedView.setBigUint64(0, BigInt(number), true);
  fillPlace(seedView, 8, place);
  return xxh64(seedBytes, storeSeed);
}

/** What names a batch; the rest stays zero. */
const seedBytes = new Uint8Array(32);
const seedView = new DataView(seedBytes.buffer);

function headerChecksum(bytes: Uint8Array, storeSeed: bigint, place: BatchPlace): bigint {
  const seed = storeSeed ^ (BigInt(place.segment) << 32n) ^ BigInt(place.generation);
  return xxh64(bytes.subarray(0, batchHeaderBytes - 8), seed);
}

const nowhere: BatchPlace = { segment: 0, generation: 0, offset: 0 };

export function writeHeads(writer: ByteWriter, heads: LogHeads): void {
  writer.u8(headsMask(heads));
  for (const name of headNames) writePlace(writer, heads[name] ?? nowhere);
}

export function readHeads(reader: ByteReader, mask: number = reader.u8('which heads there are')): LogHeads {
  const places = headNames.map((_, i) => {
    const place = readPlace(reader);
    return (mask & (1 << i)) === 0 ? undefined : place;
  });
  return { hot: places[0], hotNext: places[1], cold: places[2], coldNext: places[3] };
}

function writePlace(writer: ByteWriter, place: BatchPlace): void {
  writer.u32(place.segment);
  writer.u32(place.generation);
  writer.u32(place.offset);
}

function readPlace(reader: ByteReader): BatchPlace {
  const segment = reader.u32('a segment');
  const generation = reader.u32('a generation');
  return { segment, generation, offset: reader.u32('an offset') };
}

function headsMask(heads: LogHeads): number {
  let mask = 0;
  for (let i = 0; i < headNames.length; i++) if (heads[headNames[i] ?? 'hot'] !== undefined) mask |= 1 << i;
  return mask;
}
