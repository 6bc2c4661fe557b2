/**
 * The head of an object: one index value with its size, its version, its attributes and, while the object is no larger
 * than one chunk, its extents. So a small object is one key.
 */
import { ByteReader } from '../../../base/byte-reader.js';
import { objectBytesMax } from '../../../protocol/object-limits.js';
import { attributeBytesMax, attributeNameBytesMax, chunkBytes } from '../limits.js';
import { readExtents, writeExtents, type Extent } from './extents.js';
import { encoded } from './scratch-writer.js';

/** Of the PG log entry that last changed the object; both 0 when none did. */
export interface ObjectVersion {
  readonly term: number;
  readonly seq: number;
}

export interface ObjectHead {
  readonly size: number;
  readonly version: ObjectVersion;
  /** There may be omap keys: a removal has to look. */
  readonly hasOmap: boolean;
  /** Likewise of work marks. */
  readonly hasMarks: boolean;
  /** In byte order of their names. Values are shared, never changed in place. */
  readonly attributes: ReadonlyMap<string, Uint8Array>;
  /** Of chunk 0, while `size` is at most one chunk; else empty, and every chunk has a key of its own. */
  readonly extents: readonly Extent[];
}

export const blankHead: ObjectHead = {
  size: 0,
  version: { term: 0, seq: 0 },
  hasOmap: false,
  hasMarks: false,
  attributes: new Map(),
  extents: [],
};

export function isInline(size: number): boolean {
  return size <= chunkBytes;
}

const format = 1;
const flagOmap = 1;
const flagMarks = 2;

export function encodeObjectHead(head: ObjectHead): Uint8Array {
  return encoded((writer) => {
    writer.u8(format);
    writer.u8((head.hasOmap ? flagOmap : 0) | (head.hasMarks ? flagMarks : 0));
    writer.varint(head.size);
    writer.varint(head.version.term);
    writer.varint(head.version.seq);
    writer.varint(head.attributes.size);
    for (const [name, value] of head.attributes) {
      writer.text(name);
      writer.blob(value);
    }
    writeExtents(writer, head.extents);
  });
}

/** `PARSE_ERROR` for what is no head of a known format. */
export function decodeObjectHead(bytes: Uint8Array): ObjectHead {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a head');
  if (version !== format) throw reader.error(`a head of unknown format ${version}`, 0);
  const flags = reader.u8('the flags of a head');
  if ((flags & ~(flagOmap | flagMarks)) !== 0) throw reader.error(`a head with unknown flags ${flags}`, 1);
  const size = reader.varint('the size of an object', objectBytesMax);
  const term = reader.varint('a term');
  const seq = reader.varint('a sequence number');
  const attributes = readAttributes(reader);
  const extents = readExtents(reader);
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a head');
  const last = extents.at(-1);
  if (last !== undefined && (!isInline(size) || last.at + last.bytes > size)) {
    throw reader.error('a head with extents beyond the size of its object');
  }
  return {
    size,
    version: { term, seq },
    hasOmap: (flags & flagOmap) !== 0,
    hasMarks: (flags & flagMarks) !== 0,
    attributes,
    extents,
  };
}

function readAttributes(reader: ByteReader): Map<string, Uint8Array> {
  const attributes = new Map<string, Uint8Array>();
  for (let left = reader.count('attributes', 2); left > 0; left--) {
    const name = reader.text('the name of an attribute', attributeNameBytesMax);
    attributes.set(name, reader.blob('an attribute', attributeBytesMax));
  }
  return attributes;
}

/** Names and values, as the limit counts them. */
export function attributesBytes(attributes: ReadonlyMap<string, Uint8Array>): number {
  let bytes = 0;
  for (const [name, value] of attributes) bytes += Buffer.byteLength(name) + value.byteLength;
  return bytes;
}
