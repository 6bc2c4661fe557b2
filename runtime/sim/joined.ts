import { totalBytes } from '../../base/bytes.js';

/** A new array, no `Buffer`, with all pieces in order: what `onData` hands out. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(totalBytes(pieces));
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.byteLength;
  }
  return all;
}
