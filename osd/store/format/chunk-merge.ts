/**
 * The merger's record: runs of one chunk whose many extents were read and written anew, each run as one payload. It names
 * every part as it was read, so that a part counts only where the chunk still shows it, and so that salvage finds a place
 * for the bytes when the index is lost.
 */
import type { ByteReader } from '../../../base/byte-reader.js';
import type { ByteWriter } from '../../../base/byte-writer.js';
import { chunkBytes, transactionBytesMax } from '../limits.js';
import { objectBytesMax } from '../../../protocol/object-limits.js';
import { parseObjectKey, type ObjectId } from '../object-id.js';
import { readBlockShift, readPayloadRef, writePayloadRef, type PayloadRef } from './payload-ref.js';
import { readKey } from './record-parts.js';

export interface ChunkMerge {
  readonly object: ObjectId;
  readonly chunk: number;
  /** Of the new payloads. */
  readonly blockShift: number;
  /** In order, apart from each other. Each has one payload, of its `bytes`. */
  readonly runs: readonly MergedRun[];
}

/** A range of the chunk; what no part covers was a hole, and is zeros in the payload. */
export interface MergedRun {
  readonly at: number;
  readonly bytes: number;
  readonly parts: readonly MergedPart[];
}

/** An extent as it was when it was read. */
export interface MergedPart {
  readonly at: number;
  readonly bytes: number;
  /** The payload's byte that `at` showed. */
  readonly skip: number;
  /** Where the bytes were read; of a shared payload only salvage asks. */
  readonly payload: PayloadRef;
  /** `undefined` for a payload of the object's own. */
  readonly sharedId: number | undefined;
}

export function writeMerge(writer: ByteWriter, { object, chunk, blockShift, runs }: ChunkMerge): void {
  writer.latin1(object.key);
  writer.varint(chunk);
  writer.u8(blockShift);
  writer.varint(runs.length);
  let end = 0;
  for (const { at, bytes, parts } of runs) {
    writer.varint(at - end);
    writer.varint(bytes);
    writer.varint(parts.length);
    let partEnd = at;
    for (const part of parts) {
      writer.varint(part.at - partEnd);
      writer.varint(part.bytes);
      writer.varint(part.skip);
      writePayloadRef(writer, part.payload);
      writer.varint(part.sharedId ?? 0);
      partEnd = part.at + part.bytes;
    }
    end = at + bytes;
  }
}

/** `PARSE_ERROR` for what is none. */
export function readMerge(reader: ByteReader): ChunkMerge {
  const object = parseObjectKey(readKey(reader));
  const chunk = reader.varint('a chunk', objectBytesMax / chunkBytes);
  const blockShift = readBlockShift(reader);
  const runs: MergedRun[] = [];
  let end = 0;
  for (let left = reader.count('runs', 3, chunkBytes); left > 0; left--) {
    const run = readRun(reader, end);
    end = run.at + run.bytes;
    runs.push(run);
  }
  return { object, chunk, blockShift, runs };
}

function readRun(reader: ByteReader, before: number): MergedRun {
  const at = before + reader.varint('a gap between runs', chunkBytes);
  const bytes = reader.varint('the bytes of a run', chunkBytes, 1);
  if (at + bytes > chunkBytes) throw reader.error('a run reaches beyond its chunk');
  const parts: MergedPart[] = [];
  let end = at;
  for (let left = reader.count('parts', 9, chunkBytes); left > 0; left--) {
    const part = readPart(reader, end);
    end = part.at + part.bytes;
    if (end > at + bytes) throw reader.error('a part reaches beyond its run');
    parts.push(part);
  }
  return { at, bytes, parts };
}

function readPart(reader: ByteReader, before: number): MergedPart {
  const at = before + reader.varint('a gap between parts', chunkBytes);
  const bytes = reader.varint('the bytes of a part', chunkBytes, 1);
  const skip = reader.varint('an offset in a payload', transactionBytesMax);
  const payload = readPayloadRef(reader);
  if (skip + bytes > payload.bytes) throw reader.error('a part reaches beyond its payload');
  const id = reader.varint('a shared payload');
  return { at, bytes, skip, payload, sharedId: id === 0 ? undefined : id };
}
