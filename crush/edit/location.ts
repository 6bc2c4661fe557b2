/** Where a thing stands, as `type=name` pairs in any order: `host=a rack=r1 root=default`. */
import { CairnError } from '../../base/errors.js';
import { deviceWeightMax } from '../limits.js';
import type { Bucket } from '../types.js';
import type { Draft } from './draft.js';

/** Type name -> bucket name. */
export type Location = ReadonlyMap<string, string>;

const namePattern = /^[-_.0-9A-Za-z]{1,255}$/;

/** Throws `INVALID_ARGUMENT` for a pair without `=`, and for a type named twice. */
export function parseLocation(pairs: readonly string[]): Location {
  const location = new Map<string, string>();
  for (const pair of pairs) {
    const [type = '', name, ...rest] = pair.split('=');
    if (name === undefined || rest.length > 0) {
      throw new CairnError('INVALID_ARGUMENT', `${pair} is no location; write TYPE=NAME, as in host=alpha`);
    }
    if (location.has(type))
      throw new CairnError('INVALID_ARGUMENT', `type ${type} is given twice; keep one of the two`);
    location.set(type, name);
  }
  return location;
}

/** Throws `INVALID_ARGUMENT` unless `name` can stand in a text map. */
export function checkName(name: string, what: string): void {
  if (namePattern.test(name)) return;
  throw new CairnError(
    'INVALID_ARGUMENT',
    `"${name.slice(0, 40)}" is no name for a ${what}; use up to 255 letters, digits, "-", "_" and "."`,
  );
}

export function checkNewName(draft: Draft, name: string, what: string): void {
  checkName(name, what);
  if (draft.idOf(name) !== undefined) {
    throw new CairnError('EXISTS', `a device or bucket is called ${name} already; choose another name`);
  }
}

/** 16.16, 0 to 100.0: what a text map can hold. */
export function checkDeviceWeight(weight: number): void {
  if (Number.isInteger(weight) && weight >= 0 && weight <= deviceWeightMax) return;
  throw new CairnError(
    'INVALID_ARGUMENT',
    `a device weighs from 0 to 100, in steps of 1/65536, not ${weight / 0x10000}`,
  );
}

/** The number of a bucket type. Throws `NOT_FOUND`, or `INVALID_ARGUMENT` for the type of devices. */
export function bucketTypeId(draft: Draft, name: string): number {
  for (const [id, known] of draft.types) {
    if (known !== name) continue;
    if (id !== 0) return id;
    throw new CairnError('INVALID_ARGUMENT', `${name} is the type of devices; choose the type of a bucket`);
  }
  const known = [...draft.types].filter(([id]) => id !== 0).map(([, type]) => type);
  throw new CairnError('NOT_FOUND', `the map has no type ${name}; choose one of ${known.join(', ')}`);
}

/**
 * Puts `item`, which stands nowhere, where `location` says. From the lowest type up, buckets that do not exist are made
 * on the way; the first that exists takes what was made. Buckets above it may be named too and must really be above it.
 */
export function place(draft: Draft, item: number, itemType: number, weight: number, location: Location): void {
  const levels = levelsOf(draft, location, itemType);
  let current = { id: item, weight };
  let top: Bucket | undefined;
  for (const { type, typeName, name } of levels) {
    const id = draft.idOf(name);
    if (top !== undefined) {
      checkAbove(draft, top, typeName, name, id);
      continue;
    }
    if (id === undefined) {
      const made = draft.createBucket(name, type);
      draft.link(made.id, current.id, current.weight);
      current = { id: made.id, weight };
      continue;
    }
    top = existingBucket(draft, id, type, typeName, name);
    if (draft.contains(current.id, id)) {
      throw new CairnError('CONFLICT', `${name} stands below what shall be put into it; choose another place`);
    }
    draft.link(id, current.id, current.weight);
  }
}

function levelsOf(draft: Draft, location: Location, itemType: number) {
  if (location.size === 0) {
    throw new CairnError('INVALID_ARGUMENT', 'say where it stands with at least one TYPE=NAME, as in root=default');
  }
  const levels = [...location].map(([typeName, name]) => ({ type: bucketTypeId(draft, typeName), typeName, name }));
  for (const { type, typeName, name } of levels) {
    checkName(name, typeName);
    if (type <= itemType) {
      throw new CairnError(
        'INVALID_ARGUMENT',
        `${typeName} ${name} cannot hold it: its type is not above; choose another`,
      );
    }
  }
  const names = new Set(levels.map(({ name }) => name));
  if (names.size < levels.length) throw new CairnError('INVALID_ARGUMENT', 'a location names each bucket once');
  return levels.sort((a, b) => a.type - b.type);
}

function existingBucket(draft: Draft, id: number, type: number, typeName: string, name: string): Bucket {
  const bucket = draft.bucket(id);
  if (bucket !== undefined && bucket.type === type) return bucket;
  throw new CairnError('CONFLICT', `${name} exists and is no ${typeName}; correct the type or choose another name`);
}

function checkAbove(draft: Draft, below: Bucket, typeName: string, name: string, id: number | undefined): void {
  if (id !== undefined && draft.contains(id, below.id)) return;
  throw new CairnError(
    'CONFLICT',
    `${below.name} exists and does not stand in ${typeName} ${name}; move it there first, or leave ${typeName} out`,
  );
}
