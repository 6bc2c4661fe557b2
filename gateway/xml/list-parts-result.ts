/** The answer to `ListParts`. */
import type { WallMs } from '../../base/instants.js';
import type { ChecksumName, ChecksumType } from '../../protocol/bucket/checksum.js';
import type { Checksum } from './checksums.js';
import { writeChecksum } from './checksums.js';
import type { Owner } from './owner.js';
import { writeOwner } from './owner.js';
import { XmlWriter } from './writer.js';

export interface ListedPart {
  readonly partNumber: number;
  readonly lastModified: WallMs;
  /** Without quotes. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  readonly checksum: Checksum | undefined;
}

export interface ListPartsResult {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly initiator: Owner | undefined;
  readonly owner: Owner | undefined;
  readonly storageClass: string;
  /** Parts behind this number are listed; 0 for all. */
  readonly partNumberMarker: number;
  readonly maxParts: number;
  readonly isTruncated: boolean;
  readonly checksumAlgorithm: ChecksumName | undefined;
  readonly checksumType: ChecksumType | undefined;
  readonly parts: readonly ListedPart[];
}

export function writeListPartsResult(result: ListPartsResult): Uint8Array {
  const out = new XmlWriter('ListPartsResult').text('Bucket', result.bucket).text('Key', result.key);
  out.text('UploadId', result.uploadId);
  writeOwner(out, 'Initiator', result.initiator);
  writeOwner(out, 'Owner', result.owner);
  out.text('StorageClass', result.storageClass).plain('PartNumberMarker', result.partNumberMarker);
  // AWS sends it on the last page too.
  out.plain('NextPartNumberMarker', result.parts.at(-1)?.partNumber ?? 0);
  out.plain('MaxParts', result.maxParts).plain('IsTruncated', result.isTruncated);
  out.plain('ChecksumAlgorithm', result.checksumAlgorithm).plain('ChecksumType', result.checksumType);
  for (const part of result.parts) {
    out.start('Part').plain('PartNumber', part.partNumber).time('LastModified', part.lastModified);
    out.etag('ETag', part.etag).plain('Size', part.size);
    writeChecksum(out, part.checksum);
    out.end();
  }
  return out.bytes();
}
