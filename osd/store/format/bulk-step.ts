/**
 * Records of the slices in which the store does what has very many extents (`bulk/`): chunks that nobody wants any more, and chunks
 * that are made ahead of a clone.
 */
import type { ByteReader } from '../../../base/byte-reader.js';
import type { ByteWriter } from '../../../base/byte-writer.js';
import { objectBytesMax } from '../../../protocol/object-limits.js';
import { chunkBytes } from '../limits.js';
import { parseObjectKey, type ObjectId } from '../object-id.js';
import { readKey } from './record-parts.js';

/** Keys of one release, at most. */
export const releasedKeysMax = 256;

/** Chunks `from` to `to` of an object, both included, as a clone will have them. */
export interface CloneAhead {
  readonly object: ObjectId;
  readonly from: number;
  readonly to: number;
  /** All before are there as well. */
  readonly isLast: boolean;
}

export function writeRelease(writer: ByteWriter, keys: readonly string[]): void {
  writer.varint(keys.length);
  for (const key of keys) writer.latin1(key);
}

/** `PARSE_ERROR` for what is none: above all, for a key of another space. */
export function readRelease(reader: ByteReader): string[] {
  const keys: string[] = [];
  for (let left = reader.count('keys', 2, releasedKeysMax); left > 0; left--) {
    const at = reader.offset;
    const key = readKey(reader);
    if (key[0] !== 'd' && key[0] !== 'u') throw reader.error('a release of what is not to be released', at);
    keys.push(key);
  }
  return keys;
}

export function writeAhead(writer: ByteWriter, { object, from, to, isLast }: CloneAhead): void {
  writer.latin1(object.key);
  writer.varint(from);
  writer.varint(to);
  writer.bool(isLast);
}

/** `PARSE_ERROR` for what is none. */
export function readAhead(reader: ByteReader): CloneAhead {
  const object = parseObjectKey(readKey(reader));
  const from = reader.varint('a chunk', objectBytesMax / chunkBytes);
  const to = reader.varint('a chunk', objectBytesMax / chunkBytes, from);
  return { object, from, to, isLast: reader.bool('whether all chunks are there') };
}
