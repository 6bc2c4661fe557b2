/**
 * One buffer that all encoders of small values write into, one after the other: each value begins at its start and is
 * copied out before the next. A buffer for each value would be most of the cost of encoding it.
 */
import { ByteWriter } from '../../../base/byte-writer.js';

/** Larger values are rare; a buffer that grew for one is not kept. */
const bytesMax = 256 * 1024;

let writer = new ByteWriter(4096);

/** What `write` wrote. Encoders do not call each other within it. */
export function encoded(write: (writer: ByteWriter) => void): Uint8Array {
  writer.clear();
  write(writer);
  const bytes = writer.pooledBytes();
  if (writer.length > bytesMax) writer = new ByteWriter(4096);
  return bytes;
}
