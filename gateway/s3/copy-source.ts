/** `x-amz-copy-source`: which object, and which version of it, CopyObject and UploadPartCopy read. */
import { S3Error } from '../s3-error.js';
import { requireBucketName } from './bucket-name.js';
import { requireKey } from './object-key.js';
import { percentDecoded } from './percent-encoding.js';

export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  /** `undefined`: the current one. `null` names the null version. */
  readonly versionId: string | undefined;
}

const header = 'x-amz-copy-source';

/**
 * `/bucket/key?versionId=...`, the slash before the bucket left out or not, bucket and key percent-encoded (some clients encode the slash
 * between them, too); `+` is a plus. Throws `InvalidArgument`, `InvalidBucketName`, `KeyTooLongError`, and `NotImplemented` for ARNs
 * of access points.
 */
export function parseCopySource(text: string): CopySource {
  const [path, versionId] = splitVersion(text);
  const decoded = percentDecoded(path)?.replace(/^\//, '');
  if (decoded === undefined) throw invalid(text, 'The copy source has to be UTF-8, percent-encoded.');
  if (decoded.startsWith('arn:')) {
    throw new S3Error('NotImplemented', {
      message: 'A copy source cannot be an ARN here: there are no access points. Name it as bucket/key.',
      fields: { ArgumentName: header, ArgumentValue: text },
    });
  }
  const slash = decoded.indexOf('/');
  const key = decoded.slice(slash + 1);
  if (slash < 1 || key === '') {
    throw invalid(text, 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey');
  }
  const bucket = decoded.slice(0, slash);
  requireBucketName(bucket);
  requireKey(key);
  return { bucket, key, versionId };
}

/** Only `?versionId=` ends the key: any other `?` belongs to the key of a client that does not encode it. */
function splitVersion(text: string): [path: string, versionId: string | undefined] {
  const mark = '?versionId=';
  const at = text.indexOf(mark);
  if (at < 0) return [text, undefined];
  const [encoded = ''] = text.slice(at + mark.length).split('&', 1);
  const versionId = percentDecoded(encoded);
  if (versionId === undefined || versionId === '')
    throw invalid(text, 'The version id of the copy source is not valid.');
  return [text.slice(0, at), versionId];
}

function invalid(text: string, message: string): S3Error {
  return new S3Error('InvalidArgument', { message, fields: { ArgumentName: header, ArgumentValue: text } });
}
