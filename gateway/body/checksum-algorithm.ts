/** The checksums that S3 knows (AWS, "Checking object integrity"): how they are named, and what they can do for objects made of parts. */
import { CrcCombiner } from '../../base/crc-combine.js';
import { crc32cPolynomial } from '../../base/crc32c.js';
import { crc64nvmePolynomial } from '../../base/crc64nvme.js';
import { type ChecksumName, checksumNames, type ChecksumType } from '../../protocol/bucket/checksum.js';
import { type HashAlgorithm, hashAlgorithms } from '../../runtime/hasher.js';
import { S3Error } from '../s3-error.js';

interface AlgorithmKind {
  readonly hash: HashAlgorithm;
  /** For objects made of parts, the default first. A CRC of the whole follows from those of the parts; of other hashes it does not. */
  readonly types: readonly ChecksumType[];
}

const kinds = {
  CRC32: { hash: 'crc32', types: ['COMPOSITE', 'FULL_OBJECT'] },
  CRC32C: { hash: 'crc32c', types: ['COMPOSITE', 'FULL_OBJECT'] },
  CRC64NVME: { hash: 'crc64nvme', types: ['FULL_OBJECT'] },
  SHA1: { hash: 'sha1', types: ['COMPOSITE'] },
  SHA256: { hash: 'sha256', types: ['COMPOSITE'] },
  SHA512: { hash: 'sha512', types: ['COMPOSITE'] },
  MD5: { hash: 'md5', types: ['COMPOSITE'] },
  XXHASH64: { hash: 'xxh64', types: ['COMPOSITE'] },
  XXHASH3: { hash: 'xxh3', types: ['COMPOSITE'] },
  XXHASH128: { hash: 'xxh128', types: ['COMPOSITE'] },
} as const satisfies Record<ChecksumName, AlgorithmKind>;

/** As in `x-amz-checksum-algorithm`; elements of documents are `Checksum` and this. */
export type ChecksumAlgorithm = ChecksumName;

export const checksumAlgorithms = checksumNames;

/** Of objects whose clients send no checksum: the one whose value for the whole follows from those of parts whatever they are. */
export const defaultChecksumAlgorithm: ChecksumAlgorithm = 'CRC64NVME';

export function hashOf(algorithm: ChecksumAlgorithm): HashAlgorithm {
  return kinds[algorithm].hash;
}

/** Of the raw value; in headers and documents it is base64 of that. */
export function checksumBytes(algorithm: ChecksumAlgorithm): number {
  return hashAlgorithms[kinds[algorithm].hash];
}

/** `x-amz-checksum-crc32`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

const byHeader = new Map(checksumAlgorithms.map((algorithm) => [checksumHeader(algorithm), algorithm]));

/** `undefined` for a name that is no checksum's; in lower case. */
export function algorithmOfHeader(header: string): ChecksumAlgorithm | undefined {
  return byHeader.get(header);
}

export function allowsType(algorithm: ChecksumAlgorithm, type: ChecksumType): boolean {
  const { types }: AlgorithmKind = kinds[algorithm];
  return types.includes(type);
}

export function defaultChecksumType(algorithm: ChecksumAlgorithm): ChecksumType {
  return kinds[algorithm].types[0];
}

/** `crc32` and `CRC32` alike. Throws `InvalidRequest`. */
export function parseChecksumAlgorithm(text: string): ChecksumAlgorithm {
  const wanted = text.trim().toUpperCase();
  const found = checksumAlgorithms.find((algorithm) => algorithm === wanted);
  if (found !== undefined) return found;
  throw new S3Error('InvalidRequest', {
    message: `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${checksumAlgorithms.join(', ')}]`,
  });
}

/** Throws `InvalidRequest`. */
export function parseChecksumType(text: string): ChecksumType {
  const wanted = text.trim().toUpperCase();
  if (wanted === 'FULL_OBJECT' || wanted === 'COMPOSITE') return wanted;
  throw new S3Error('InvalidRequest', { message: 'Value for x-amz-checksum-type header is invalid.' });
}

const combiners: Partial<Record<ChecksumAlgorithm, CrcCombiner>> = {
  CRC32: new CrcCombiner(0xedb8_8320n, 32),
  CRC32C: new CrcCombiner(BigInt(crc32cPolynomial), 32),
  CRC64NVME: new CrcCombiner(crc64nvmePolynomial, 64),
};

/** Only those with `FULL_OBJECT` have one. */
export function combinerOf(algorithm: ChecksumAlgorithm): CrcCombiner | undefined {
  return combiners[algorithm];
}
