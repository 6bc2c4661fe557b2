import type { ChecksumType } from '../../protocol/bucket/checksum.js';
import type { Checksum } from './checksums.js';
import { writeChecksum } from './checksums.js';
import { XmlWriter } from './writer.js';

/** The answer to `CompleteMultipartUpload`. */
export interface CompleteMultipartUploadResult {
  /** The URL of the object, percent-encoded. */
  readonly location: string;
  readonly bucket: string;
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum: Checksum | undefined;
  readonly checksumType: ChecksumType | undefined;
}

/** A completion may last: the writer may be sent behind white space (`XmlWriter.bytesAfterDeclaration`). */
export function writeCompleteMultipartUploadResult(result: CompleteMultipartUploadResult): XmlWriter {
  const out = new XmlWriter('CompleteMultipartUploadResult').text('Location', result.location);
  out.text('Bucket', result.bucket).text('Key', result.key).etag('ETag', result.etag);
  writeChecksum(out, result.checksum);
  return out.plain('ChecksumType', result.checksumType);
}
