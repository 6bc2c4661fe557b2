import { concatBytes } from '../../base/bytes.js';

/** A compromise: small enough for a turn of the event loop, large enough that syncs do not count. */
export const chunkBytesDefault = 256 * 1024;

/** Cuts a stream of pieces of any size into chunks of `chunkBytes`; the last is shorter, and there is always one. */
export async function* cutChunks(pieces: AsyncIterable<Uint8Array>, chunkBytes: number): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  let count = 0;
  for await (const piece of pieces) {
    let rest = piece;
    while (bytes + rest.byteLength >= chunkBytes) {
      const taken = chunkBytes - bytes;
      yield concatBytes([...waiting, rest.subarray(0, taken)]);
      count += 1;
      rest = rest.subarray(taken);
      waiting = [];
      bytes = 0;
    }
    if (rest.byteLength > 0) waiting.push(rest);
    bytes += rest.byteLength;
  }
  if (bytes > 0 || count === 0) yield concatBytes(waiting);
}
