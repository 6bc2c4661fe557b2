/** What a copy's store has to be told to split it: what of its values and of its objects goes where. */
import { orderRange, pgOfHash } from '../../cluster/object-placement.js';
import type { PgId } from '../../cluster/ids.js';
import { decodeObjectHead } from '../store/format/object-head.js';
import type { PgSplit, SplitChild, SplitValue } from '../store/pg/pg-split.js';
import { parseObjectKey } from '../store/object-id.js';
import { pgNumKey } from '../store/pg/pg-num.js';
import type { Store } from '../store/store.js';
import { missingPrefix, partialPrefix, termKey } from './own-keys.js';

/** Heads of objects that are read at a time. */
const walkPage = 512;

interface Splitting {
  readonly pg: PgId;
  /** Before. */
  readonly pgNum: number;
  childrenOf(pgNum: number): readonly number[];
}

/** Of a copy that nothing else changes meanwhile. Costs a look at each object of its children: about a microsecond each. */
export async function planSplit(store: Store, copy: Splitting, toPgNum: number): Promise<PgSplit> {
  const children: SplitChild[] = [];
  for (const pg of copy.childrenOf(toPgNum)) children.push(await countOf(store, copy.pg, pg, toPgNum));
  const values: SplitValue[] = [];
  for (const { key } of await store.objects.pgValues(copy.pg, { from: '', to: undefined })) {
    if (key === pgNumKey) continue;
    // Each of them enters its own terms, of which the first is that of the split.
    const to = key === termKey ? copy.pg.pg : ownerOf(key, toPgNum);
    if (to !== copy.pg.pg) values.push({ key, to });
  }
  return { fromPgNum: copy.pgNum, toPgNum, children, values };
}

async function countOf(store: Store, { pool }: PgId, pg: number, pgNum: number): Promise<SplitChild> {
  const walk = store.objects.objectWalk(pool, orderRange(pg, pgNum));
  let [objects, bytes] = [0, 0];
  try {
    for (let page = await walk.next(walkPage); page.length > 0; page = await walk.next(walkPage)) {
      objects += page.length;
      for (const { value } of page) bytes += decodeObjectHead(value).size;
    }
  } finally {
    await walk.close();
  }
  return { pg, objects, bytes };
}

/**
 * What an object lacks, or has so far, goes with the object; everything else is of all: an answer to a request does not say what object
 * it was for.
 */
function ownerOf(key: string, toPgNum: number): number | undefined {
  const prefix = [missingPrefix, partialPrefix].find((one) => key.startsWith(one));
  const object = prefix === undefined ? '' : key.slice(prefix.length);
  return object === '' ? undefined : pgOfHash(parseObjectKey(object).hash, toPgNum);
}
