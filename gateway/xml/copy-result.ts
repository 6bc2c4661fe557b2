/** The answers to `CopyObject` and `UploadPartCopy`. */
import type { WallMs } from '../../base/instants.js';
import type { ChecksumType } from '../../protocol/bucket/checksum.js';
import type { Checksum } from './checksums.js';
import { writeChecksum } from './checksums.js';
import { XmlWriter } from './writer.js';

export interface CopyPartResult {
  readonly lastModified: WallMs;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum: Checksum | undefined;
}

export interface CopyObjectResult extends CopyPartResult {
  readonly checksumType: ChecksumType | undefined;
}

/** A copy may last: the writer may be sent behind white space (`XmlWriter.bytesAfterDeclaration`). */
export function writeCopyObjectResult(result: CopyObjectResult): XmlWriter {
  const out = write('CopyObjectResult', result).plain('ChecksumType', result.checksumType);
  writeChecksum(out, result.checksum);
  return out;
}

export function writeCopyPartResult(result: CopyPartResult): XmlWriter {
  const out = write('CopyPartResult', result);
  writeChecksum(out, result.checksum);
  return out;
}

function write(root: string, { lastModified, etag }: CopyPartResult): XmlWriter {
  return new XmlWriter(root).time('LastModified', lastModified).etag('ETag', etag);
}
