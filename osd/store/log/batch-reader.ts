/** Reads a batch back: for replay, the cleaner, fsck. Whatever does not verify to the last byte is no batch. */
import { CairnError, isCairnError } from '../../../base/errors.js';
import { xxh64 } from '../../../base/xxh64.js';
import type { DiskFile } from '../../../runtime/disk.js';
import {
  batchHeaderBytes,
  decodeBatchHeader,
  firstFrameSeed,
  type BatchHeader,
  type BatchPlace,
} from '../format/batch-header.js';
import { batchSeed, blockChecksum, checksumBytes, storedBytes, type PayloadRef } from '../format/payload-ref.js';
import { decodeRecord, type StoreRecord } from '../format/record.js';
import { bodyBlockShift } from '../limits.js';
import { forEachPayload } from '../transaction.js';

export interface BatchFrame {
  readonly record: StoreRecord;
  readonly payloads: readonly OwnedPayload[];
}

export interface OwnedPayload {
  readonly ref: PayloadRef;
  readonly owner: bigint;
}

export interface ReadBatch {
  readonly header: BatchHeader;
  readonly checksum: bigint;
  readonly frames: readonly BatchFrame[];
  /** The whole batch, without its padding. */
  readonly bytes: Uint8Array;
}

/** Most batches are no larger: one read instead of two. */
const firstReadBytes = 64 * 1024;

export interface ReadBatchOptions {
  readonly storeSeed: bigint;
  /** Bytes of a segment: what a header promises beyond it is no batch. */
  readonly segmentBytes: number;
  /** Default true. Without, only records are checked: enough for whoever reads the payloads himself. */
  readonly verifyPayloads?: boolean;
}

/** The batch that begins at `place`; `undefined` when none does that is whole. */
export async function readBatch(
  file: DiskFile,
  place: BatchPlace,
  options: ReadBatchOptions,
): Promise<ReadBatch | undefined> {
  const room = options.segmentBytes - place.offset;
  if (room < batchHeaderBytes) return undefined;
  const first = new Uint8Array(Math.min(firstReadBytes, room));
  const count = await file.read(first, place.offset);
  const found = decodeBatchHeader(first.subarray(0, count), options.storeSeed, place);
  if (found === undefined || found.header.bytes > room || found.header.bytes < batchHeaderBytes) return undefined;
  let bytes = first.subarray(0, Math.min(count, found.header.bytes));
  if (bytes.byteLength < found.header.bytes) {
    bytes = new Uint8Array(found.header.bytes);
    if ((await file.read(bytes, place.offset)) < bytes.byteLength) return undefined;
  }
  return parseBatch(bytes, found.header, found.checksum, options);
}

/** `bytes` begin with the header and end with the last frame. */
export function parseBatch(
  bytes: Uint8Array,
  header: BatchHeader,
  checksum: bigint,
  options: ReadBatchOptions,
): ReadBatch | undefined {
  const { storeSeed, verifyPayloads = true } = options;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seed = batchSeed(storeSeed, header.number, header.place.segment);
  const frames: BatchFrame[] = [];
  let chain = firstFrameSeed(storeSeed, header.number, header.place);
  let at = batchHeaderBytes;
  for (let i = 0; i < header.frames; i++) {
    if (at + 4 > bytes.byteLength) return undefined;
    const length = view.getUint32(at, true);
    const end = at + 4 + length;
    if (end + checksumBytes > bytes.byteLength) return undefined;
    const recordBytes = bytes.subarray(at + 4, end);
    chain = xxh64(recordBytes, chain);
    if (view.getBigUint64(end, true) !== chain) return undefined;
    const record = decode(recordBytes, header);
    const payloads = placePayloads(record, header, header.place.offset + end + checksumBytes);
    const last = payloads.at(-1)?.ref;
    at = last === undefined ? end + checksumBytes : endOf(last) - header.place.offset;
    if (at > bytes.byteLength) return undefined;
    if (verifyPayloads && !payloads.every((payload) => verifies(bytes, header.place.offset, payload, seed))) {
      return undefined;
    }
    frames.push({ record, payloads });
  }
  if (at !== bytes.byteLength || chain !== header.lastFrame) return undefined;
  return { header, checksum, frames, bytes };
}

function endOf(ref: PayloadRef): number {
  return ref.offset + storedBytes(ref.bytes, ref.blockShift);
}

/** The checksum of these bytes was right: what cannot be read was never written so by this version. */
function decode(bytes: Uint8Array, header: BatchHeader): StoreRecord {
  try {
    return decodeRecord(bytes);
  } catch (error) {
    if (!isCairnError(error, 'PARSE_ERROR')) throw error;
    const { number, place } = header;
    const message = `batch ${number} in segment ${place.segment} holds a record that this version cannot read`;
    throw new CairnError('UNSUPPORTED', `${message}: ${error.message}; run the version that wrote it`, {
      cause: error,
    });
  }
}

/** Where the payloads of a record are, given where the first would be. */
function placePayloads(record: StoreRecord, header: BatchHeader, start: number): OwnedPayload[] {
  const payloads: OwnedPayload[] = [];
  let offset = start;
  const add = (bytes: number, blockShift: number, owner: bigint): void => {
    const ref = { segment: header.place.segment, offset, bytes, blockShift, batch: header.number };
    payloads.push({ ref, owner });
    offset += storedBytes(bytes, blockShift);
  };
  if (record.kind === 'transaction') {
    forEachPayload(record.transaction, ({ bytes }, blockShift, object) => add(bytes, blockShift, object.owner));
  } else if (record.kind === 'move') {
    for (const { from, bytes, owner } of record.moves) {
      const blockShift = owner.kind === 'body' ? bodyBlockShift : from.blockShift;
      add(bytes, blockShift, owner.kind === 'shared' ? owner.owner : owner.object.owner);
    }
  } else if (record.kind === 'merge') {
    const { object, blockShift, runs } = record.merge;
    for (const { bytes } of runs) add(bytes, blockShift, object.owner);
  }
  return payloads;
}

/** `bytes` begin at `start` of the segment. */
export function verifies(bytes: Uint8Array, start: number, { ref, owner }: OwnedPayload, seed: bigint): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blockBytes = 2 ** ref.blockShift;
  let at = ref.offset - start;
  for (let left = ref.bytes; left > 0; left -= blockBytes) {
    const length = Math.min(blockBytes, left);
    if (at + length + checksumBytes > bytes.byteLength) return false;
    const block = bytes.subarray(at, at + length);
    if (view.getBigUint64(at + length, true) !== blockChecksum(block, seed, owner, start + at)) return false;
    at += length + checksumBytes;
  }
  return true;
}
