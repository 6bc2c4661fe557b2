/** Changes of the hierarchy. Each returns a new map and leaves the old one as it was; on an error nothing is changed. */
import { CairnError } from '../../base/errors.js';
import { bucketWeight } from '../shadow-trees.js';
import type { BucketAlgorithm, CrushMap } from '../types.js';
import { Draft } from './draft.js';
import { type Location, bucketTypeId, checkNewName, place } from './location.js';

export interface NewBucket {
  readonly name: string;
  /** The name of a type, such as `rack`. */
  readonly type: string;
  /** Default: the best that the tunables allow, straw2 as a rule. */
  readonly algorithm?: BucketAlgorithm;
  /** Default: a root of its own. */
  readonly location?: Location;
}

/** An empty bucket. Errors: `EXISTS`, `NOT_FOUND` (type), `CONFLICT` (location), `INVALID_ARGUMENT`. */
export function addBucket(map: CrushMap, { name, type, algorithm, location }: NewBucket): CrushMap {
  const draft = new Draft(map);
  checkNewName(draft, name, 'bucket');
  const typeId = bucketTypeId(draft, type);
  if ([...(location?.values() ?? [])].includes(name)) {
    throw new CairnError('INVALID_ARGUMENT', `bucket ${name} cannot stand in itself; leave it out of its location`);
  }
  const bucket = draft.createBucket(name, typeId, algorithm);
  if (location !== undefined && location.size > 0) place(draft, bucket.id, typeId, 0, location);
  return draft.finish();
}

/** Errors: `NOT_FOUND`; `CONFLICT` while it holds something or a rule starts from it. */
export function removeBucket(map: CrushMap, name: string): CrushMap {
  const draft = new Draft(map);
  const bucket = draft.bucketNamed(name);
  if (bucket.items.length > 0) {
    throw new CairnError(
      'CONFLICT',
      `bucket ${name} holds ${bucket.items.length} ${bucket.items.length === 1 ? 'item' : 'items'}; move or remove them first`,
    );
  }
  checkUntaken(draft, bucket.id, name);
  draft.unlink(bucket.id);
  draft.dropBucket(bucket.id);
  return draft.finish();
}

/** With all below it; it then stands in one place only. Errors: `NOT_FOUND`; `CONFLICT` for a place below itself. */
export function moveBucket(map: CrushMap, name: string, location: Location): CrushMap {
  const draft = new Draft(map);
  const bucket = draft.bucketNamed(name);
  for (const holder of location.values()) {
    const id = draft.idOf(holder);
    if (id !== undefined && draft.contains(bucket.id, id)) {
      throw new CairnError('CONFLICT', `${holder} stands below ${name}, which cannot move there; choose another place`);
    }
  }
  draft.unlink(bucket.id);
  place(draft, bucket.id, bucket.type, bucketWeight(bucket.items), location);
  return draft.finish();
}

/** Its shadows follow. Placement stays as it is, since names do not enter the hash. Errors: `NOT_FOUND`, `EXISTS`. */
export function renameBucket(map: CrushMap, name: string, newName: string): CrushMap {
  const draft = new Draft(map);
  const bucket = draft.bucketNamed(name);
  checkNewName(draft, newName, 'bucket');
  draft.renameBucket(bucket.id, newName);
  return draft.finish();
}

export function checkUntaken(draft: Draft, item: number, name: string): void {
  const rules = draft.rulesThatTake(item);
  if (rules.length === 0) return;
  throw new CairnError('CONFLICT', `rules start from ${name}: ${rules.join(', ')}; change or remove them first`);
}
