/** Conditions of writes: on the current version, a delete marker being none (S3-SURFACE section 4). Pure. */
import type { WriteCondition } from '../../../protocol/bucket/calls.js';
import type { ObjectEntry } from '../../../protocol/bucket/entry.js';
import { bucketRefusal } from '../../../protocol/bucket/refusal.js';
import { hexText } from '../../../base/bytes.js';

/** As clients see it, without quotes. */
export function etagText({ etag, partCount }: Pick<ObjectEntry, 'etag' | 'partCount'>): string {
  return partCount === 0 ? hexText(etag) : `${hexText(etag)}-${partCount}`;
}

/** Throws `no-such-key` for If-Match where nothing is, `precondition` for all else that does not hold. */
export function checkCondition(condition: WriteCondition | undefined, current: ObjectEntry | undefined): void {
  if (condition === undefined) return;
  const { ifMatch, ifNoneMatch, ifSize, ifModifiedSeconds } = condition;
  const wantsOne = ifMatch !== undefined || ifSize !== undefined || ifModifiedSeconds !== undefined;
  if (current === undefined) {
    if (wantsOne) throw bucketRefusal('no-such-key');
    return;
  }
  const etag = etagText(current);
  const isAmong = (etags: '*' | readonly string[]): boolean => etags === '*' || etags.includes(etag);
  const holds =
    (ifMatch === undefined || isAmong(ifMatch)) &&
    (ifNoneMatch === undefined || !isAmong(ifNoneMatch)) &&
    (ifSize === undefined || ifSize === current.size) &&
    (ifModifiedSeconds === undefined || ifModifiedSeconds === Math.floor(current.modifiedMs / 1000));
  if (!holds) throw bucketRefusal('precondition');
}
