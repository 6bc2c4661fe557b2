/**
 * Snappy's block format, decoding only: LevelDB compresses blocks with it where that wins an eighth.
 *
 *     varint: bytes when decoded │ elements: a tag whose lowest two bits say literal, or copy with 1, 2 or 4 bytes of offset
 */
import { ByteReader } from '../../../../base/byte-reader.js';

/** `PARSE_ERROR` for what is malformed or would have more than `bytesMax` bytes; nothing is allocated before. */
export function decodeSnappy(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const reader = new ByteReader(bytes);
  const length = reader.varint('the bytes of a compressed block', Math.min(bytesMax, 2 ** 32 - 1));
  // Two bytes stand for at most 64 (a copy of one byte of offset for 11): more is no snappy block.
  if (length > 64 * bytes.byteLength) throw reader.error('a compressed block that claims too many bytes', 0);
  const target = new Uint8Array(length);
  let at = 0;
  while (!reader.isAtEnd) {
    const start = reader.offset;
    const tag = reader.u8('an element');
    const kind = tag & 3;
    if (kind === 0) {
      const count = literalLength(reader, tag >> 2);
      if (at + count > length) throw reader.error('a literal beyond the end of its block', start);
      target.set(reader.viewRaw(count, 'a literal'), at);
      at += count;
      continue;
    }
    const count = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
    const offset = copyOffset(reader, kind, tag);
    if (offset === 0 || offset > at) throw reader.error('a copy from before the start of its block', start);
    if (at + count > length) throw reader.error('a copy beyond the end of its block', start);
    // Byte by byte: source and target may overlap, which repeats a pattern.
    for (let i = 0; i < count; i++, at++) target[at] = target[at - offset] ?? 0;
  }
  if (at !== length) throw reader.error(`a compressed block of ${at} bytes that promised ${length}`, 0);
  return target;
}

/** Up to 60 in the tag; above, it says how many bytes hold the length. */
function literalLength(reader: ByteReader, code: number): number {
  if (code < 60) return code + 1;
  return little(reader, code - 59) + 1;
}

function copyOffset(reader: ByteReader, kind: number, tag: number): number {
  if (kind === 1) return ((tag >> 5) << 8) | reader.u8('the offset of a copy');
  return little(reader, kind === 2 ? 2 : 4);
}

function little(reader: ByteReader, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value += reader.u8('a length or an offset') * 2 ** (8 * i);
  return value;
}
