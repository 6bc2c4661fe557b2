/** A stored checksum of an object or part (S3-SURFACE section 3). How they are computed is the gateway's. */
import type { ByteReader } from '../../base/byte-reader.js';
import type { ByteWriter } from '../../base/byte-writer.js';
import { checksumBytesMax } from './limits.js';

/** Codes in stored records: never renumbered. */
export const checksumCodes = {
  CRC32: 1,
  CRC32C: 2,
  CRC64NVME: 3,
  SHA1: 4,
  SHA256: 5,
  SHA512: 6,
  MD5: 7,
  XXHASH64: 8,
  XXHASH3: 9,
  XXHASH128: 10,
} as const;
export type ChecksumName = keyof typeof checksumCodes;

export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

export interface StoredChecksum {
  readonly algorithm: ChecksumName;
  readonly type: ChecksumType;
  /** The digest, without the `-N` of composite ones. */
  readonly value: Uint8Array;
}

export const checksumNames = Object.keys(checksumCodes) as readonly ChecksumName[];

const nameOfCode = new Map<number, ChecksumName>(checksumNames.map((name) => [checksumCodes[name], name]));

export function writeChecksumName(writer: ByteWriter, name: ChecksumName | undefined): void {
  writer.u8(name === undefined ? 0 : checksumCodes[name]);
}

export function readChecksumName(reader: ByteReader): ChecksumName | undefined {
  const at = reader.offset;
  const code = reader.u8('a checksum algorithm');
  if (code === 0) return undefined;
  const name = nameOfCode.get(code);
  if (name === undefined) throw reader.error(`an unknown checksum algorithm ${code}`, at);
  return name;
}

export function writeChecksum(writer: ByteWriter, checksum: StoredChecksum | undefined): void {
  writeChecksumName(writer, checksum?.algorithm);
  if (checksum === undefined) return;
  writer.bool(checksum.type === 'COMPOSITE');
  writer.blob(checksum.value);
}

export function readChecksum(reader: ByteReader): StoredChecksum | undefined {
  const algorithm = readChecksumName(reader);
  if (algorithm === undefined) return undefined;
  const type = reader.bool('whether a checksum is composite') ? 'COMPOSITE' : 'FULL_OBJECT';
  return { algorithm, type, value: reader.blob('a checksum', checksumBytesMax) };
}
