/** The body of `CompleteMultipartUpload`. */
import { S3Error } from '../s3-error.js';
import type { Checksum } from './checksums.js';
import { checksumNameOf, invalidPartChecksum, partChecksumOf } from './checksums.js';
import { childrenOf, etagOf, integerOf, readDocument, wordOf } from './document.js';
import type { XmlElement } from './element.js';
import { malformed } from './malformed.js';

export interface CompletedPart {
  /** 1 to 10,000, ascending. */
  readonly partNumber: number;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum: Checksum | undefined;
}

const partsMax = 10_000;

/** 10,000 parts with the longest checksum and white space: about 350 bytes each. Twelve elements each are more than SDKs send. */
const limits = { bytesMax: 8 * 1024 * 1024, elementsMax: 1 + partsMax * 12 };

/**
 * At least one part, in ascending order. Throws InvalidRequest (no body), MalformedXML, InvalidArgument, InvalidPart, InvalidPartOrder,
 * MaxMessageLengthExceeded.
 */
export function parseCompleteMultipartUpload(bytes: Uint8Array): readonly CompletedPart[] {
  if (bytes.byteLength === 0) throw new S3Error('InvalidRequest', { message: 'You must specify at least one part' });
  // Older AWS SDKs for JavaScript misspell the root, and AWS takes it.
  const root = readDocument(bytes, ['CompleteMultipartUpload', 'CompletedMultipartUpload'], limits);
  const parts: CompletedPart[] = [];
  let last = 0;
  for (const child of childrenOf(root)) {
    if (child.name !== 'Part') continue;
    const part = parsePart(child);
    if (part.partNumber <= last) throw new S3Error('InvalidPartOrder');
    last = part.partNumber;
    parts.push(part);
  }
  if (parts.length === 0) throw malformed('it names no part');
  return parts;
}

/**
 * Unknown elements are passed over here, unlike elsewhere: some clients send back all that ListParts told them, and nothing but number
 * and ETag says what becomes of the object.
 */
function parsePart(element: XmlElement): CompletedPart {
  let partNumber: number | undefined;
  let etag: string | undefined;
  let checksum: Checksum | undefined;
  for (const child of childrenOf(element)) {
    if (child.name === 'PartNumber' && partNumber === undefined) {
      partNumber = integerOf(child);
    } else if (child.name === 'ETag' && etag === undefined) {
      etag = etagOf(child);
    } else if (child.name === 'PartNumber' || child.name === 'ETag') {
      throw malformed(`a Part has more than one ${child.name}`);
    } else {
      const algorithm = checksumNameOf(child);
      if (algorithm === undefined) continue;
      if (checksum !== undefined) throw invalidPartChecksum(wordOf(child));
      checksum = partChecksumOf(child, algorithm);
    }
  }
  if (partNumber === undefined || etag === undefined) throw malformed('a Part lacks its PartNumber or ETag');
  if (partNumber < 1) {
    const fields = { ArgumentName: 'PartNumber', ArgumentValue: String(partNumber) };
    throw new S3Error('InvalidArgument', { message: 'PartNumber must be >= 1', fields });
  }
  if (partNumber > partsMax)
    throw new S3Error('InvalidPart', { fields: { PartNumber: String(partNumber), ETag: etag } });
  return { partNumber, etag, checksum };
}
