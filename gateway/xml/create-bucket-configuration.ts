import { S3Error } from '../s3-error.js';
import { fieldsOf, readDocument, wordOf } from './document.js';
import type { Tag } from '../s3/tagging.js';
import { parseTags } from './tagging.js';

export interface CreateBucketConfiguration {
  /** `undefined` for none, which stands for us-east-1. `EU` is AWS's older name of eu-west-1. */
  readonly locationConstraint: string | undefined;
  readonly tags: readonly Tag[];
}

/** As of a document of tags. */
const limits = { bytesMax: 512 * 1024, elementsMax: 1_000 };

/** The body of `CreateBucket`; most have none. Throws MalformedXML, NotImplemented (directory buckets), InvalidTag, BadRequest. */
export function parseCreateBucketConfiguration(bytes: Uint8Array): CreateBucketConfiguration {
  if (bytes.byteLength === 0) return { locationConstraint: undefined, tags: [] };
  const root = readDocument(bytes, ['CreateBucketConfiguration', 'CreateBucketRequest'], limits);
  const fields = fieldsOf(root, ['LocationConstraint', 'Location', 'Bucket', 'Tags']);
  if (fields.has('Location') || fields.has('Bucket')) {
    throw new S3Error('NotImplemented', {
      message: 'There are no directory buckets here; leave out Bucket and Location.',
    });
  }
  const location = fields.get('LocationConstraint');
  const tags = fields.get('Tags');
  return {
    locationConstraint: (location === undefined ? '' : wordOf(location)) || undefined,
    tags: tags === undefined ? [] : parseTags(tags, 'new-bucket'),
  };
}
