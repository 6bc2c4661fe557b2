/**
 * A sector that is overwritten in place: what it says, then zeros, then the checksum of both. Smaller than what a disk
 * writes at once, so one that is torn does not pass for one that was written.
 */
import { CairnError } from '../../base/errors.js';
import { viewBuffer } from '../../base/bytes.js';
import { invariant } from '../../base/invariant.js';
import { xxh64 } from '../../base/xxh64.js';
import { ByteReader } from '../raft/codec/byte-reader.js';
import { ByteWriter } from '../raft/codec/byte-writer.js';

export const sectorBytes = 512;
const checksumOffset = sectorBytes - 8;

export interface SectorFormat {
  /** 8 bytes of ASCII, the last one 0. */
  readonly magic: string;
  readonly version: number;
  /** For messages, as in "the vote file". */
  readonly what: string;
}

export function sealSector(format: SectorFormat, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(sectorBytes).raw(Buffer.from(format.magic, 'latin1')).uint8(format.version);
  write(writer);
  const content = writer.finish();
  invariant(content.byteLength <= checksumOffset, 'a sector has room for what it says', { bytes: content.byteLength });
  const bytes = Buffer.alloc(sectorBytes);
  bytes.set(content, 0);
  bytes.writeBigUInt64LE(xxh64(bytes.subarray(0, checksumOffset)), checksumOffset);
  return bytes;
}

/** What `write` wrote; `undefined` when it is damaged. Throws `UNSUPPORTED` when another version of Cairn wrote it. */
export function openSector(format: SectorFormat, bytes: Uint8Array): ByteReader | undefined {
  const { magic, version, what } = format;
  const buffer = viewBuffer(bytes);
  if (buffer.byteLength !== sectorBytes) return undefined;
  if (buffer.readBigUInt64LE(checksumOffset) !== xxh64(buffer.subarray(0, checksumOffset))) return undefined;
  if (buffer.toString('latin1', 0, magic.length) !== magic) return undefined;
  const reader = new ByteReader(buffer.subarray(magic.length), 'CORRUPT', what);
  const found = reader.uint8();
  if (found === version) return reader;
  const sentence = `${what} has version ${found}, this monitor reads ${version}; start the release of Cairn that wrote it`;
  throw new CairnError('UNSUPPORTED', sentence);
}
