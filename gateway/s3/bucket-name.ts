/** Which names buckets may have (AWS, "General purpose bucket naming rules"). */
import { S3Error } from '../s3-error.js';

/** Taken by AWS for access points and the like; clients treat such names in ways of their own. */
const reservedPrefixes = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const reservedSuffixes = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

export function isBucketName(name: string): boolean {
  return (
    /^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !reservedPrefixes.some((prefix) => name.startsWith(prefix)) &&
    !reservedSuffixes.some((suffix) => name.endsWith(suffix))
  );
}

/** Throws `InvalidBucketName`. */
export function requireBucketName(name: string): void {
  if (isBucketName(name)) return;
  throw new S3Error('InvalidBucketName', { fields: { BucketName: name } });
}
