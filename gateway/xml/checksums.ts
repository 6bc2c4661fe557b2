/** `<ChecksumCRC32>` and its like, in requests and answers. */
import type { ChecksumName } from '../../protocol/bucket/checksum.js';
import { checksumNames } from '../../protocol/bucket/checksum.js';
import { checksumBytes } from '../body/checksum-algorithm.js';
import { S3Error } from '../s3-error.js';
import type { XmlElement } from './element.js';
import { wordOf } from './document.js';
import type { XmlWriter } from './writer.js';

/** One value; AWS stores no more of an object or part. */
export interface Checksum {
  readonly algorithm: ChecksumName;
  /** Base64; of a composite one, `-` and the count of parts behind it. */
  readonly value: string;
}

/** An element's name is `Checksum` and the algorithm's. */
const byElement = new Map(checksumNames.map((name) => [`Checksum${name}`, name]));

/** Which algorithm's value the element holds; `undefined` when it is not a checksum. */
export function checksumNameOf(element: XmlElement): ChecksumName | undefined {
  return byElement.get(element.name);
}

/** The value of a part: base64 of the algorithm's length. Throws InvalidArgument. */
export function partChecksumOf(element: XmlElement, algorithm: ChecksumName): Checksum {
  const value = wordOf(element);
  const length = checksumBytes(algorithm);
  // Compared with what the bytes give back, since decoding skips what is not base64.
  const bytes = Buffer.from(value, 'base64');
  if (bytes.byteLength !== length || bytes.toString('base64') !== value) throw invalidPartChecksum(value);
  return { algorithm, value };
}

export function invalidPartChecksum(value: string): S3Error {
  return new S3Error('InvalidArgument', {
    message: 'Invalid Base64 or multiple checksums present in request',
    fields: { ArgumentName: 'Checksum', ArgumentValue: value },
  });
}

export function writeChecksum(out: XmlWriter, checksum: Checksum | undefined): void {
  if (checksum !== undefined) out.text(`Checksum${checksum.algorithm}`, checksum.value);
}
