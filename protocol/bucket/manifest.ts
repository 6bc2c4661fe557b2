/**
 * Where the bytes of an object are, when they are not in its entry: slices of blobs, in order; of a completed upload also
 * where its parts end, and their checksums.
 *
 *     blobs   count { pool varint  id 16 bytes  chunk shift u8  codec u8 (0)  cipher u8 (0) }
 *     slices  count { blob varint  offset varint  bytes varint }
 *     parts   count { slices varint  checksum blob }         none for an object put at once
 *
 * Codec and cipher are room for compression and encryption: with one that is not 0 there follow stored length, key id and
 * wrapped key, in a format to come.
 */
import type { ByteReader } from '../../base/byte-reader.js';
import type { ByteWriter } from '../../base/byte-writer.js';
import { copyBytes } from '../../base/bytes.js';
import { invariant } from '../../base/invariant.js';
import { blobIdBytes } from './shard-keys.js';
import { checksumBytesMax, objectBytesMax, partsMax } from './limits.js';

/** Immutable chunks `ID/N` of 2^`chunkShift` bytes (the last has fewer) in a data pool. */
export interface BlobPlace {
  readonly pool: number;
  /** `blobIdBytes` bytes. */
  readonly id: Uint8Array;
  readonly chunkShift: number;
}

export interface Slice {
  /** Index into `blobs`. */
  readonly blob: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface ManifestPart {
  readonly slices: number;
  /** Empty: none. */
  readonly checksum: Uint8Array;
}

export interface BlobList {
  readonly blobs: readonly BlobPlace[];
  readonly slices: readonly Slice[];
}

export interface Manifest extends BlobList {
  readonly parts: readonly ManifestPart[];
}

const chunkShiftMin = 16;
const chunkShiftMax = 24;
/** Of the fields above, one byte for each varint. */
const blobBytesLeast = 1 + blobIdBytes + 3;

export function writeBlobList(writer: ByteWriter, { blobs, slices }: BlobList): void {
  writer.varint(blobs.length);
  for (const { pool, id, chunkShift } of blobs) {
    invariant(id.byteLength === blobIdBytes, 'a blob has an id of 16 bytes');
    writer.varint(pool);
    writer.raw(id);
    writer.u8(chunkShift);
    writer.u8(0);
    writer.u8(0);
  }
  writer.varint(slices.length);
  for (const { blob, offset, bytes } of slices) {
    writer.varint(blob);
    writer.varint(offset);
    writer.varint(bytes);
  }
}

export function readBlobList(reader: ByteReader): BlobList {
  const blobs: BlobPlace[] = [];
  for (let left = reader.count('blobs', blobBytesLeast); left > 0; left--) {
    const pool = reader.varint('a pool', 2 ** 31 - 1, 1);
    const id = copyBytes(reader.viewRaw(blobIdBytes, 'the id of a blob'));
    const at = reader.offset;
    const chunkShift = reader.u8('the size of chunks');
    if (chunkShift < chunkShiftMin || chunkShift > chunkShiftMax) throw reader.error('chunks of a strange size', at);
    const codec = reader.u8('a codec');
    const cipher = reader.u8('a cipher');
    if (codec !== 0 || cipher !== 0) throw reader.error(`a blob of unknown codec ${codec} or cipher ${cipher}`, at);
    blobs.push({ pool, id, chunkShift });
  }
  const slices: Slice[] = [];
  for (let left = reader.count('slices', 3); left > 0; left--) {
    const blob = reader.varint('the blob of a slice', Math.max(0, blobs.length - 1));
    const offset = reader.varint('where a slice begins', objectBytesMax);
    slices.push({ blob, offset, bytes: reader.varint('the bytes of a slice', objectBytesMax, 1) });
  }
  if (slices.length > 0 && blobs.length === 0) throw reader.error('slices of no blob');
  return { blobs, slices };
}

export function writeManifest(writer: ByteWriter, manifest: Manifest): void {
  writeBlobList(writer, manifest);
  writer.varint(manifest.parts.length);
  for (const { slices, checksum } of manifest.parts) {
    writer.varint(slices);
    writer.blob(checksum);
  }
}

/** Reads to the end of the bytes. */
export function readManifest(reader: ByteReader): Manifest {
  const { blobs, slices } = readBlobList(reader);
  const parts: ManifestPart[] = [];
  let seen = 0;
  for (let left = reader.count('parts', 2, partsMax); left > 0; left--) {
    const count = reader.varint('the slices of a part', slices.length - seen);
    seen += count;
    parts.push({ slices: count, checksum: reader.blob('the checksum of a part', checksumBytesMax) });
  }
  if (parts.length > 0 && seen !== slices.length) throw reader.error('slices that belong to no part');
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a manifest');
  return { blobs, slices, parts };
}

export function bytesOfSlices(slices: readonly Slice[]): number {
  return slices.reduce((sum, { bytes }) => sum + bytes, 0);
}
