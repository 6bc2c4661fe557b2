/** Removes objects of `PutMaker`, and fills a store once with what is removed again. */
import { payloadOf } from '../../osd/store/transaction.js';
import type { Store } from '../../osd/store/store.js';
import { lanes } from './lanes.js';
import { benchObject, benchPg } from './put-load.js';

export interface RemoveArgs {
  readonly prefix: string;
  /** Numbers from 0 to before `objects`, by this step. */
  readonly objects: number;
  readonly step: number;
}

const inFlight = 64;
const fillBytes = 4 * 1024 * 1024;

export async function remove(store: Store, { prefix, objects, step }: RemoveArgs): Promise<void> {
  let next = 0;
  await lanes(inFlight, async () => {
    if (next >= objects) return false;
    const object = benchObject(prefix, next);
    next += step;
    await store.apply({ pg: benchPg(object), blockShift: 16, mutations: [{ kind: 'remove', object }] });
    return true;
  });
  await store.checkpoint();
}

/** Free segments that are left: the reserve, those that are ready, and what the calls under way may take. */
const freeLeft = 10;

/**
 * Afterwards all but a few segments have lived, and hold nothing. Where some never did, they come last: recycled ones are
 * taken first. Returns how many bytes it took.
 */
export async function fillAndEmpty(store: Store): Promise<number> {
  const data = payloadOf(new Uint8Array(fillBytes).fill(0x5a));
  let objects = 0;
  await lanes(4, async () => {
    if (store.space().freeSegments <= freeLeft) return false;
    const object = benchObject('fill', objects);
    objects += 1;
    const mutations = [{ kind: 'write' as const, object, offset: 0, data }];
    await store.apply({ pg: benchPg(object), blockShift: 16, mutations });
    return true;
  });
  await remove(store, { prefix: 'fill', objects, step: 1 });
  return objects * fillBytes;
}
