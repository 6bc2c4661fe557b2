/**
 * Takes a copy away that no record names any more: objects a few at a time, then values and log. The mark stands from before
 * the first to after the last, so that a copy which is half gone is never taken for one that joins (DESIGN.md section 6).
 */
import { printPgId } from '../../cluster/ids.js';
import { orderRange } from '../../cluster/object-placement.js';
import { blockShiftMin } from '../store/limits.js';
import { parseObjectKey } from '../store/object-id.js';
import type { Mutation } from '../store/transaction.js';
import { removingKey } from './own-keys.js';
import type { PgCopy } from './pg-copy.js';
import type { PgHost } from './pg-host.js';

/** Removed by one transaction; the next waits until it is durable, so clients come in between. */
const objectsAtOnce = 32;

/** Resolves when nothing is left but the term that was entered. Throws when `signal` aborts; what is gone stays so. */
export async function removeCopy(host: PgHost, copy: PgCopy, signal: AbortSignal): Promise<void> {
  const { store, runtime } = host;
  const { pg } = copy;
  const run = async (
    mutations: readonly Mutation[],
    rest: { readonly cutAfter?: { term: number; seq: number } } = {},
  ) => {
    signal.throwIfAborted();
    await store.apply({ pg, blockShift: blockShiftMin, mayUseReserve: true, mutations, ...rest });
  };
  await run([{ kind: 'pg-set', key: removingKey, value: new Uint8Array(0) }]);
  const walk = store.objects.objectWalk(pg.pool, orderRange(pg.pg, copy.pgNum));
  let objects = 0;
  try {
    for (let page = await walk.next(objectsAtOnce); page.length > 0; page = await walk.next(objectsAtOnce)) {
      await run(page.map(({ key }) => ({ kind: 'remove', object: parseObjectKey(key.slice(1)) })));
      objects += page.length;
    }
  } finally {
    await walk.close();
  }
  await copy.forget();
  runtime.log.info({ pg: printPgId(pg), objects }, 'a copy that the PG does not need any more is gone');
}
