/** Counts of a shard, kept exact: each change of an entry's place is one of these. Pure. */
import { CairnError } from '../../../base/errors.js';
import type { Entry } from '../../../protocol/bucket/entry.js';
import { storageClassesMax } from '../../../protocol/bucket/limits.js';
import type { ClassCount, ShardCounts } from '../../../protocol/bucket/shard-header.js';

export type EntryPlace = 'current' | 'noncurrent';

const blank: ClassCount = { objects: 0, bytes: 0, noncurrent: 0, noncurrentBytes: 0 };

/** `sign` 1: the entry came to this place; -1: it left it. */
export function countEntry(counts: ShardCounts, entry: Entry, place: EntryPlace, sign: 1 | -1): ShardCounts {
  if (entry.kind === 'marker') return { ...counts, markers: counts.markers + sign };
  const { storageClass, size, isInline } = entry;
  const before = counts.classes.get(storageClass) ?? blank;
  const after: ClassCount =
    place === 'current'
      ? { ...before, objects: before.objects + sign, bytes: before.bytes + sign * size }
      : { ...before, noncurrent: before.noncurrent + sign, noncurrentBytes: before.noncurrentBytes + sign * size };
  const classes = new Map(counts.classes);
  if (after.objects === 0 && after.noncurrent === 0) classes.delete(storageClass);
  else classes.set(storageClass, after);
  if (classes.size > storageClassesMax) {
    throw new CairnError('INVALID_ARGUMENT', `a bucket has at most ${storageClassesMax} storage classes`);
  }
  return { ...counts, classes, inlineBytes: counts.inlineBytes + (isInline ? sign * size : 0) };
}

export function countUpload(counts: ShardCounts, sign: 1 | -1): ShardCounts {
  return { ...counts, uploads: counts.uploads + sign };
}

export function countPart(counts: ShardCounts, size: number, sign: 1 | -1): ShardCounts {
  return { ...counts, parts: counts.parts + sign, partBytes: counts.partBytes + sign * size };
}

/** Objects, versions and markers; uploads do not keep a bucket from being deleted. */
export function isEmpty({ classes, markers }: ShardCounts): boolean {
  return classes.size === 0 && markers === 0;
}
