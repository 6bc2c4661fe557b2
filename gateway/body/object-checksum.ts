/** The checksum of a stored object or part, and how that of an object follows from those of its parts. */
import { concatBytes } from '../../base/bytes.js';
import { invariant } from '../../base/invariant.js';
import type { Steps } from '../../base/steps.js';
import type { ChecksumType } from '../../protocol/bucket/checksum.js';
import { digestOf } from '../../runtime/hasher.js';
import { S3Error } from '../s3-error.js';
import { base64Text, parseBase64 } from './base64-digest.js';
import { type ChecksumAlgorithm, checksumBytes, checksumHeader, combinerOf, hashOf } from './checksum-algorithm.js';
import type { UploadChecksum } from './checksum-headers.js';

export interface ObjectChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** Raw. */
  readonly value: Uint8Array;
  /** Of `COMPOSITE`: of how many parts. */
  readonly partCount?: number;
}

/** Raw checksum and length of one part. */
export interface PartChecksum {
  readonly value: Uint8Array;
  readonly bytes: number;
}

/**
 * Of an object, from its parts in order, at least one; all of the upload's algorithm. In steps: 10,000 parts take 60 ms where each has a
 * length of its own, and 20 ms where they are alike.
 */
export function* combinedChecksum(
  { algorithm, type }: UploadChecksum,
  parts: readonly PartChecksum[],
): Steps<ObjectChecksum> {
  const [first] = parts;
  invariant(first !== undefined, 'an upload has a part');
  if (type === 'COMPOSITE') {
    const values = concatBytes(parts.map((part) => part.value));
    return { algorithm, type, value: digestOf(hashOf(algorithm), values), partCount: parts.length };
  }
  const combiner = combinerOf(algorithm);
  invariant(combiner !== undefined, 'only CRCs have a type of FULL_OBJECT', { algorithm });
  let { value } = first;
  for (const [index, part] of parts.entries()) {
    if (index > 0) value = combiner.combine(value, part.value, part.bytes);
    if (index % partsPerStep === partsPerStep - 1) yield;
  }
  return { algorithm, type, value };
}

/** About a millisecond's. */
const partsPerStep = 128;

/** As in headers and documents: base64, and for `COMPOSITE` a dash and the number of parts. */
export function checksumText({ value, partCount }: ObjectChecksum): string {
  return partCount === undefined ? base64Text(value) : `${base64Text(value)}-${partCount}`;
}

/** The headers that tell of it. */
export function checksumHeaderLines(checksum: ObjectChecksum): [string, string][] {
  return [
    [checksumHeader(checksum.algorithm), checksumText(checksum)],
    ['x-amz-checksum-type', checksum.type],
  ];
}

/**
 * What CompleteMultipartUpload was told that the object's checksum is: `text` of `x-amz-checksum-<alg>` for the upload's algorithm.
 * The `-N` of a composite may be left out. Throws `InvalidRequest` for a malformed one, `BadDigest` for another.
 */
export function checkCombinedChecksum(text: string, actual: ObjectChecksum): void {
  const header = checksumHeader(actual.algorithm);
  const [, digits, count] = /^([^-]*)(?:-(\d{1,5}))?$/.exec(text.trim()) ?? [];
  const value = parseBase64(digits ?? '', checksumBytes(actual.algorithm));
  if (value === undefined || (count !== undefined && actual.partCount === undefined)) {
    throw new S3Error('InvalidRequest', { message: `Value for ${header} header is invalid.` });
  }
  if (count !== undefined && Number(count) !== actual.partCount) throw badDigest(actual.algorithm);
  if (base64Text(value) !== base64Text(actual.value)) throw badDigest(actual.algorithm);
}

/** The type that CompleteMultipartUpload says has to be the upload's. Throws `InvalidRequest`. */
export function checkCombinedType(said: ChecksumType | undefined, upload: UploadChecksum): void {
  if (said === undefined || said === upload.type) return;
  throw new S3Error('InvalidRequest', {
    message: `The upload was created using the ${upload.type} checksum mode. The complete request must use the same checksum mode.`,
  });
}

export function badDigest(algorithm: ChecksumAlgorithm): S3Error {
  return new S3Error('BadDigest', {
    message: `The ${algorithm} you specified did not match the calculated checksum.`,
  });
}
