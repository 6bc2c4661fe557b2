/**
 * PG split (PG-PROTOCOL.md section 6, pitfall k): the pool's larger `pgNum`, a new term of each parent, and the records of
 * its children are one change of the map.
 *
 * By stable-mod the objects of a child come from one parent: the PG that has the child's number less its highest bit, and
 * again, until it is one that existed. When `pgNum` doubles from `n`, PG `p` has the one child `p + n`.
 */
import { CairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import { printPgId } from '../ids.js';
import type { PgRecord } from '../pg-record.js';
import { pgNumMax } from '../packed-pg-records.js';
import type { PgContext } from './context.js';
import { printMember } from './members.js';
import { conflict, nextRecord } from './next-record.js';

export interface SplitRequest {
  readonly fromPgNum: number;
  readonly toPgNum: number;
}

/**
 * Into how many PGs one is split by one change at most: each copy writes the log of each of them anew, in one turn of the event
 * loop (osd/store/apply/apply-split.ts), and serves nothing of it meanwhile. Who wants more sets `pg_num` once more.
 */
export const splitFactorMax = 16;

/** The one of the first `fromPgNum` PGs whose objects go to `child`. */
export function parentOf(child: number, fromPgNum: number): number {
  let parent = child;
  while (parent >= fromPgNum) parent -= 2 ** Math.floor(Math.log2(parent));
  return parent;
}

/** Those whose objects `pg` had once, with some number of PGs or other: nearest first, down to 0. */
export function ancestorsOf(pg: number): number[] {
  const ancestors: number[] = [];
  for (let left = pg; left > 0; ancestors.push(left)) left = parentOf(left, left);
  return ancestors;
}

/** Throws `INVALID_ARGUMENT` unless the pool grows, to 65,536 PGs at most. */
export function checkSplit({ fromPgNum, toPgNum }: SplitRequest): void {
  invariant(fromPgNum >= 1, 'a pool has PGs');
  if (Number.isInteger(toPgNum) && toPgNum > fromPgNum && toPgNum <= pgNumMax) return;
  throw new CairnError(
    'INVALID_ARGUMENT',
    `a pool of ${fromPgNum} PGs cannot be split into ${toPgNum}; give a number above that, up to ${pgNumMax}`,
  );
}

/** Ascending; empty for a PG that is not split. */
export function childrenOf(parent: number, split: SplitRequest): number[] {
  const children: number[] = [];
  // Whoever loses its highest bit to become `pg`. PGs that existed before keep what is theirs.
  const collect = (pg: number): void => {
    for (let bit = pg === 0 ? 1 : 2 ** (Math.floor(Math.log2(pg)) + 1); pg + bit < split.toPgNum; bit *= 2) {
      if (pg + bit < split.fromPgNum) continue;
      children.push(pg + bit);
      collect(pg + bit);
    }
  };
  collect(parent);
  return children.sort((a, b) => a - b);
}

/**
 * The record of a parent with children, and of each child: same members, same mode, one term up. An unconfirmed parent has
 * unconfirmed children, whose members hold the same as its own. A parent that was never created stays so, with them.
 * Throws `CONFLICT` when a member that acts is gone: `reconcile` comes first, and a lost PG is not split.
 */
export function splitRecord(parent: PgRecord, context: PgContext): PgRecord {
  if (parent.term === 0) return parent;
  const gone = parent.acting.find((member) => context.isGone(member));
  if (gone !== undefined) {
    const when = `try again once it goes on without it: see \`cairn pg query ${printPgId(context.id)}\``;
    throw conflict(parent, context, `cannot be split: ${printMember(gone)} acts in it, and is gone; ${when}`);
  }
  return nextRecord(parent, parent, context);
}
