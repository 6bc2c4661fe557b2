/** What is parked: each object has what is known of it, and that agrees with what is there. Runs after the objects. */
import { poolId, printPgId, type PoolId } from '../../../../cluster/ids.js';
import { headKey, pgValueKey } from '../../format/index-key.js';
import { decodeObjectHead, type ObjectHead } from '../../format/object-head.js';
import { IndexWalk } from '../../index/walk.js';
import { orderPrefix, parseObjectKey, showObject, type ObjectId } from '../../object-id.js';
import { decodeParkedObject } from '../../parked/parked-object.js';
import {
  isShadowPool,
  parkedAttribute,
  parkedKey,
  parkedObjectId,
  type ParkedPlace,
  placeOfObject,
  poolOfShadow,
  shadowPg,
} from '../../parked/parked-place.js';
import { isCairnError } from '../../../../base/errors.js';
import type { ObjectCheck } from './check-objects.js';

const pageEntries = 256;

/** How many objects are parked. */
export async function checkParked(check: ObjectCheck, pools: Iterable<number>): Promise<number> {
  let parked = 0;
  for (const shadow of pools) {
    if (!isShadowPool(shadow)) continue;
    const walk = new IndexWalk(check.index, {
      gte: `o${orderPrefix(poolId(shadow), 0)}`,
      lt: `o${orderPrefix(poolId(shadow), 2 ** 32)}`,
    });
    try {
      for (let page = await walk.next(pageEntries); page.length > 0; page = await walk.next(pageEntries)) {
        for (const { key, value } of page)
          if (await checkOne(check, poolOfShadow(poolId(shadow)), key, value)) parked += 1;
      }
    } finally {
      await walk.close();
    }
  }
  return parked;
}

/** Whether it tells of an object that is parked. What cannot be decoded at all was found with the objects. */
async function checkOne(check: ObjectCheck, pool: PoolId, key: string, value: Uint8Array): Promise<boolean> {
  let object: ObjectId;
  let head: ObjectHead;
  try {
    object = parseObjectKey(key.slice(1));
    head = decodeObjectHead(value);
  } catch (error) {
    if (isCairnError(error)) return false;
    throw error;
  }
  const place = placeOfObject(pool, object.name.name);
  const problem =
    place === undefined ? 'its name is none of what is parked' : await problemOf(check, place, object, head);
  const isLog = place !== undefined && object.key === parkedObjectId(place, 'log').key;
  if (problem === undefined) return isLog;
  const at = { object: showObject(object) };
  if (place !== undefined && (await has(check, pgValueKey(shadowPg(pool), parkedKey(place))))) {
    const message = `${showObject(object)} was being parked when the process ended`;
    check.findings.add('parked-unfinished', message, { ...at, pg: printPgId(place.pg) });
  } else check.findings.add('parked-object', `${showObject(object)}: ${problem}`, at);
  return false;
}

async function problemOf(
  check: ObjectCheck,
  place: ParkedPlace,
  object: ObjectId,
  head: ObjectHead,
): Promise<string | undefined> {
  if (object.key === parkedObjectId(place, 'object').key) {
    const isToldOf = await has(check, headKey(parkedObjectId(place, 'log')));
    return isToldOf ? undefined : 'nothing tells what it is';
  }
  const told = head.attributes.get(parkedAttribute);
  if (told === undefined) return 'what is known of the object is missing';
  try {
    const { exists } = decodeParkedObject(told);
    const isThere = await has(check, headKey(parkedObjectId(place, 'object')));
    return exists && !isThere ? 'the object that it tells of is missing' : undefined;
  } catch (error) {
    if (!isCairnError(error)) throw error;
    return `what is known of the object cannot be read: ${error.message}`;
  }
}

async function has({ index }: ObjectCheck, key: string): Promise<boolean> {
  return (await index.get(key)) !== undefined;
}
