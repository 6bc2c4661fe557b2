import { XmlWriter } from './writer.js';

/** The answer to `CreateMultipartUpload`. */
export interface InitiateMultipartUploadResult {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}

export function writeInitiateMultipartUploadResult(result: InitiateMultipartUploadResult): Uint8Array {
  const out = new XmlWriter('InitiateMultipartUploadResult').text('Bucket', result.bucket).text('Key', result.key);
  return out.text('UploadId', result.uploadId).bytes();
}
