/** Objects of a PG in the order of their keys, a page at a time. */
import type { PgId, PoolId } from '../../cluster/ids.js';
import { orderRange } from '../../cluster/object-placement.js';
import type { ObjectReader } from '../store/read/object-reader.js';
import type { ScrubListReply } from './messages.js';

export async function listKeys(
  objects: ObjectReader,
  pool: { readonly id: PoolId; readonly pgNum: number },
  pg: PgId,
  { after, count }: { readonly after: string; readonly count: number },
): Promise<ScrubListReply> {
  const walk = objects.objectWalk(pool.id, orderRange(pg.pg, pool.pgNum));
  const keys: string[] = [];
  try {
    if (after !== '') walk.seek(`o${after}\0`);
    // A page of a walk may be short.
    while (keys.length <= count) {
      const page = await walk.next(count + 1 - keys.length);
      if (page.length === 0) break;
      for (const { key } of page) keys.push(key.slice(1));
    }
  } finally {
    await walk.close();
  }
  return { keys: keys.slice(0, count), isMore: keys.length > count };
}
