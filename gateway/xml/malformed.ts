import { S3Error } from '../s3-error.js';

/** MalformedXML. `what` is a clause: it completes "… is not what this operation takes: ". */
export function malformed(what: string, cause?: unknown): S3Error {
  const message = `The XML that you provided was not well-formed, or is not what this operation takes: ${what}.`;
  return new S3Error('MalformedXML', { message, cause });
}
