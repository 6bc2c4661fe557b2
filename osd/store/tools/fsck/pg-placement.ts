/**
 * Which PG of this store an object is counted in. The copies say it themselves: each has the objects that are its PG's in a pool of as
 * many PGs as it was split for (pg-num.ts), and copies of one pool are split one after the other. Where they do not, the operator may.
 */
import { isCairnError } from '../../../../base/errors.js';
import { printPgId, type PgId, type PoolId } from '../../../../cluster/ids.js';
import { objectHash, pgOfHash } from '../../../../cluster/object-placement.js';
import { parentOf } from '../../../../cluster/pg/split.js';
import { pgValueKey } from '../../format/index-key.js';
import type { Index } from '../../index/index.js';
import type { ObjectId } from '../../object-id.js';
import { decodePgNum, pgNumKey } from '../../pg/pg-num.js';
import type { PgTable } from '../../pg/pg-table.js';

/** Copies of a pool, with what they were split for. */
type Copies = ReadonlyMap<number, number>;

export class PgPlacement {
  readonly #given: ReadonlyMap<number, number>;
  readonly #pools: ReadonlyMap<PoolId, Copies>;
  /** Pools with copies that do not say it. */
  readonly #silent: ReadonlySet<PoolId>;

  private constructor(
    given: ReadonlyMap<number, number>,
    pools: ReadonlyMap<PoolId, Copies>,
    silent: ReadonlySet<PoolId>,
  ) {
    this.#given = given;
    this.#pools = pools;
    this.#silent = silent;
  }

  /** `given`: `pgNum` by pool, for those whose copies do not say it. */
  static async of(index: Index, pgs: PgTable, given: ReadonlyMap<number, number>): Promise<PgPlacement> {
    const pools = new Map<PoolId, Map<number, number>>();
    const silent = new Set<PoolId>();
    for (const { pg } of pgs.all()) {
      const pgNum = await pgNumOf(index, pg);
      if (pgNum === undefined) silent.add(pg.pool);
      else pools.set(pg.pool, (pools.get(pg.pool) ?? new Map<number, number>()).set(pg.pg, pgNum));
    }
    return new PgPlacement(given, pools, silent);
  }

  /** Whether objects of the pool can be told apart by PG. */
  isKnown(pool: PoolId): boolean {
    return this.#given.has(pool) || (this.#pools.has(pool) && !this.#silent.has(pool));
  }

  /** Its number; of a PG without a copy that has the object the one that it would be in. `undefined` where it is not known. */
  pgOf({ pool, name }: ObjectId): number | undefined {
    if (!this.isKnown(pool)) return undefined;
    const hash = objectHash(pool, name);
    const copies = this.#pools.get(pool);
    const given = this.#given.get(pool);
    const numbers = new Set(copies?.values());
    for (const pgNum of numbers) {
      const pg = pgOfHash(hash, pgNum);
      if (copies?.get(pg) === pgNum) return pg;
    }
    const pgNum = given ?? (numbers.size === 0 ? undefined : Math.max(...numbers));
    return pgNum === undefined ? undefined : pgOfHash(hash, pgNum);
  }

  /** Copies that have the same objects by what they say: one was not split, and the other is there. */
  *overlaps(): Generator<readonly [parent: PgId, child: PgId]> {
    for (const [pool, copies] of this.#pools) {
      for (const [pg, pgNum] of copies) {
        for (const child of copies.keys()) {
          if (child >= pgNum && parentOf(child, pgNum) === pg)
            yield [
              { pool, pg },
              { pool, pg: child },
            ];
        }
      }
    }
  }
}

async function pgNumOf(index: Index, pg: PgId): Promise<number | undefined> {
  const key = pgValueKey(pg, pgNumKey);
  try {
    const stored = await index.get(key);
    return stored === undefined ? undefined : decodePgNum(stored);
  } catch (error) {
    // The walk over all keys finds it as well.
    if (isCairnError(error, 'PARSE_ERROR') || isCairnError(error, 'CORRUPT')) return undefined;
    throw error;
  }
}

/** For messages. */
export function overlapText([parent, child]: readonly [PgId, PgId]): string {
  return `PG ${printPgId(child)} is there, and PG ${printPgId(parent)}, which it was split from, still counts its objects as its own`;
}
