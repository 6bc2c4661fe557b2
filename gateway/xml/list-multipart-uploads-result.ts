/** The answer to `ListMultipartUploads`. */
import type { WallMs } from '../../base/instants.js';
import type { ChecksumName, ChecksumType } from '../../protocol/bucket/checksum.js';
import type { EncodingType } from './encoding-type.js';
import { keyEncoder } from './encoding-type.js';
import { writeCommonPrefixes } from './listed-object.js';
import type { Owner } from './owner.js';
import { writeOwner } from './owner.js';
import { XmlWriter } from './writer.js';

export interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiator: Owner | undefined;
  readonly owner: Owner | undefined;
  readonly storageClass: string;
  readonly initiated: WallMs;
  /** What the client asked for at `CreateMultipartUpload`. */
  readonly checksumAlgorithm: ChecksumName | undefined;
  readonly checksumType: ChecksumType | undefined;
}

export interface ListMultipartUploadsResult {
  readonly bucket: string;
  readonly prefix: string | undefined;
  readonly delimiter: string | undefined;
  readonly keyMarker: string;
  readonly uploadIdMarker: string;
  /** Of the last upload or prefix listed, whether there is more or not; '' when there was none. */
  readonly nextKeyMarker: string;
  readonly nextUploadIdMarker: string;
  readonly maxUploads: number;
  readonly encodingType: EncodingType;
  readonly isTruncated: boolean;
  /** By key, of one key by when they were begun. */
  readonly uploads: readonly ListedUpload[];
  readonly commonPrefixes: readonly string[];
}

export function writeListMultipartUploadsResult(result: ListMultipartUploadsResult): Uint8Array {
  const encode = keyEncoder(result.encodingType);
  const out = new XmlWriter('ListMultipartUploadsResult').text('Bucket', result.bucket);
  out.text('KeyMarker', encode(result.keyMarker)).text('UploadIdMarker', result.uploadIdMarker);
  out.text('NextKeyMarker', encode(result.nextKeyMarker)).text('NextUploadIdMarker', result.nextUploadIdMarker);
  if (result.delimiter !== undefined) out.text('Delimiter', encode(result.delimiter));
  if (result.prefix !== undefined) out.text('Prefix', encode(result.prefix));
  out.plain('MaxUploads', result.maxUploads).plain('EncodingType', result.encodingType);
  out.plain('IsTruncated', result.isTruncated);
  for (const upload of result.uploads) writeUpload(out, upload, encode);
  writeCommonPrefixes(out, result.commonPrefixes, encode);
  return out.bytes();
}

function writeUpload(out: XmlWriter, upload: ListedUpload, encode: (key: string) => string): void {
  out.start('Upload').text('Key', encode(upload.key)).text('UploadId', upload.uploadId);
  writeOwner(out, 'Initiator', upload.initiator);
  writeOwner(out, 'Owner', upload.owner);
  out.text('StorageClass', upload.storageClass).time('Initiated', upload.initiated);
  out.plain('ChecksumAlgorithm', upload.checksumAlgorithm).plain('ChecksumType', upload.checksumType).end();
}
