/** A chunk of a snapshot as it is stored: a version, then the bytes. Key and value are sealed by the store below. */
import { CairnError } from '../../base/errors.js';

const version = 1;

export function encodeChunk(data: Uint8Array): Uint8Array {
  const value = new Uint8Array(1 + data.byteLength);
  value[0] = version;
  value.set(data, 1);
  return value;
}

/** A view of the content. */
export function decodeChunk(value: Uint8Array): Uint8Array {
  if (value[0] !== version) {
    const sentence = `a chunk of a snapshot has version ${value[0]}, this monitor reads ${version}; start the release of Cairn that wrote it`;
    throw new CairnError('UNSUPPORTED', sentence);
  }
  return value.subarray(1);
}
