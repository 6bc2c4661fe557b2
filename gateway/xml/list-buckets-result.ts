/** The answer to `ListBuckets`. */
import type { WallMs } from '../../base/instants.js';
import type { Owner } from './owner.js';
import { writeOwner } from './owner.js';
import { XmlWriter } from './writer.js';

export interface ListedBucket {
  readonly name: string;
  readonly created: WallMs;
  /** `undefined` where the client asked for no page: AWS then sends none. */
  readonly region: string | undefined;
}

export interface ListBucketsResult {
  readonly owner: Owner;
  readonly buckets: readonly ListedBucket[];
  /** Set when there is more. */
  readonly continuationToken: string | undefined;
  /** The one that the client sent. */
  readonly prefix: string | undefined;
}

export function writeListBucketsResult(result: ListBucketsResult): Uint8Array {
  const out = new XmlWriter('ListAllMyBucketsResult');
  writeOwner(out, 'Owner', result.owner);
  out.start('Buckets');
  for (const bucket of result.buckets) {
    out.start('Bucket').text('Name', bucket.name).time('CreationDate', bucket.created);
    out.text('BucketRegion', bucket.region).end();
  }
  return out.end().text('ContinuationToken', result.continuationToken).text('Prefix', result.prefix).bytes();
}
