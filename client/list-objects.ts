/**
 * All objects of a pool, PG by PG, in the order of their placement. Positions are order keys (cluster/object-placement.ts),
 * of which a PG has one range: so the walk goes on where it was when the pool has another number of PGs.
 *
 *     order key   0 ────────────────► 2^32
 *     of 4 PGs    |  0  |  2  |  1  |  3  |      at the end of a PG, `orderKey` of the position names the next
 */
import { objectHash, orderKey, orderRange, pgOfHash } from '../cluster/object-placement.js';
import type { Pool } from '../cluster/pool.js';
import type { ListedObject, ListReply } from '../protocol/osd-methods.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { Route, Target } from './route.js';

/** What the walk needs of its client. */
export interface Lister {
  listPage(
    target: Target,
    pageOf: (route: Route) => { readonly after: Uint8Array; readonly count: number },
    wait: WaitOptions,
  ): Promise<ListReply & { readonly route: Route }>;
}

export interface ListOptions {
  /** Of one page, 1 to 1,000, the default. */
  readonly pageSize?: number;
  readonly signal?: AbortSignal | undefined;
  /** For each page anew: a pool of a million objects is no single wait. Default 30 s after the page is asked for. */
  readonly waitForPage?: () => WaitOptions;
}

const keysEnd = 2 ** 32;
const fromBegin = new Uint8Array(0);

/** Where the walk is: within a PG of a pool of so many PGs. */
interface Cursor {
  readonly pgNum: number;
  readonly after: Uint8Array;
}

/**
 * Each object that is there from the first page to the last comes once; others once or not at all. Pages of up to 1,000;
 * one is asked for when the one before was taken. Errors as those of operations.
 */
export async function* listPages(
  lister: Lister,
  { id }: Pick<Pool, 'id'>,
  { pageSize = 1_000, signal, waitForPage = () => ({}) }: ListOptions = {},
): AsyncGenerator<readonly ListedObject[], void, void> {
  /** Objects below were listed, and of those that are just there the ones told. */
  let position = 0;
  let told = new Set<string>();
  let cursor: Cursor | undefined;
  const isNew = (one: ListedObject): boolean => {
    const key = orderKey(objectHash(id, one));
    return key > position || (key === position && !told.has(identityOf(one)));
  };
  while (position < keysEnd) {
    const hash = orderKey(position);
    const target = { pool: id, pgOf: (pgNum: number) => pgOfHash(hash, pgNum) };
    const known = cursor;
    /** The cursor of a PG says nothing of the parts that it split into: there it begins anew, and skips what it has told. */
    const pageOf = ({ pgNum }: Route) => ({
      after: known?.pgNum === pgNum ? known.after : fromBegin,
      count: pageSize,
    });
    const { objects, next, route } = await lister.listPage(target, pageOf, { signal, ...waitForPage() });
    const page = objects.filter(isNew);
    const last = objects.at(-1);
    if (next === undefined) {
      position = orderRange(route.pg.pg, route.pgNum).to;
      told = new Set();
      cursor = undefined;
    } else {
      cursor = { pgNum: route.pgNum, after: next };
      const key = last === undefined ? position : orderKey(objectHash(id, last));
      if (key > position) {
        position = key;
        told = new Set();
      }
      for (const one of objects) if (orderKey(objectHash(id, one)) === position) told.add(identityOf(one));
    }
    if (page.length > 0) yield page;
  }
}

function identityOf({ namespace, locator, name }: ListedObject): string {
  return [namespace, locator, name].join('\0');
}
