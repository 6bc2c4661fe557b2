/** The index value of one chunk of an object that is larger than a chunk: its extents. */
import { ByteReader } from '../../../base/byte-reader.js';
import { readExtents, writeExtents, type Extent } from './extents.js';
import { encoded } from './scratch-writer.js';

const format = 1;

export function encodeChunk(extents: readonly Extent[]): Uint8Array {
  return encoded((writer) => {
    writer.u8(format);
    writeExtents(writer, extents);
  });
}

/** `PARSE_ERROR` for what is no chunk of a known format. */
export function decodeChunk(bytes: Uint8Array): Extent[] {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a chunk');
  if (version !== format) throw reader.error(`a chunk of unknown format ${version}`, 0);
  const extents = readExtents(reader);
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a chunk');
  return extents;
}
