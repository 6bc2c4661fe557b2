import type { S3Error } from '../s3-error.js';
import { XmlWriter } from './writer.js';

/** Where an error belongs. */
export interface ErrorContext {
  /** The path of the request as the client sent it, without its query. */
  readonly resource: string;
  readonly requestId: string;
  /** `x-amz-id-2`. */
  readonly hostId: string;
}

/**
 * `<Error>`, without a namespace as AWS sends it. It may also follow white space, where an answer began as 200 before the outcome was
 * known: SDKs take that for a failure (`XmlWriter.bytesAfterDeclaration`).
 */
export function writeError(error: S3Error, { resource, requestId, hostId }: ErrorContext): XmlWriter {
  const out = new XmlWriter('Error', '').plain('Code', error.code).text('Message', error.message);
  for (const [name, value] of Object.entries(error.fields)) out.text(name, value);
  return out.text('Resource', resource).text('RequestId', requestId).text('HostId', hostId);
}
