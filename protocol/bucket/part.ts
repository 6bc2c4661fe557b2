/** A part of an upload, under `p/`, and once replaced under `g/`. No bodies, so that 10,000 of them are read by one walk. */
import { ByteWriter } from '../../base/byte-writer.js';
import { copyBytes } from '../../base/bytes.js';
import { checksumBytesMax, partBytesMax, partSlicesMax } from './limits.js';
import { type BlobList, bytesOfSlices, readBlobList, writeBlobList } from './manifest.js';
import { readerOf, recordKinds } from './record-kind.js';

export interface Part {
  readonly modifiedMs: number;
  readonly size: number;
  /** MD5, 16 bytes. */
  readonly etag: Uint8Array;
  /** By the upload's algorithm; empty: none. */
  readonly checksum: Uint8Array;
  /** Its blobs, or some, have owners noted in reference objects: it was copied. */
  readonly isShared: boolean;
  readonly data: BlobList;
}

export function encodePart({ modifiedMs, size, etag, checksum, isShared, data }: Part): Uint8Array {
  const writer = new ByteWriter(128);
  writer.u8(recordKinds.part);
  writer.varint(modifiedMs);
  writer.varint(size);
  writer.raw(etag);
  writer.blob(checksum);
  writer.bool(isShared);
  writeBlobList(writer, data);
  return writer.bytes();
}

/** `PARSE_ERROR` for what is no part of a known format. */
export function decodePart(head: Uint8Array): Part {
  const reader = readerOf(head, 'part');
  const part: Part = {
    modifiedMs: reader.varint('when a part was written'),
    size: reader.varint('the size of a part', partBytesMax),
    etag: copyBytes(reader.viewRaw(16, 'an ETag')),
    checksum: reader.blob('a checksum', checksumBytesMax),
    isShared: reader.bool('whether a part is shared'),
    data: readBlobList(reader),
  };
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a part');
  if (part.data.slices.length > partSlicesMax) throw reader.error('a part of too many slices');
  if (bytesOfSlices(part.data.slices) !== part.size) throw reader.error('a part whose slices are not its size');
  return part;
}
