/**
 * A PG that is split: where its objects go follows from the two numbers of PGs; what its values and counts come to is listed by
 * whoever splits it.
 */
import { CairnError } from '../../../base/errors.js';
import { printPgId, type PgId } from '../../../cluster/ids.js';
import { childrenOf } from '../../../cluster/pg/split.js';

export interface PgSplit {
  /** Of the pool: before, and from here on. */
  readonly fromPgNum: number;
  readonly toPgNum: number;
  /** All of them, ascending (`childrenOf` of cluster/pg/split.ts), with what they have of the PG's objects. */
  readonly children: readonly SplitChild[];
  /** Values of the PG that children get. What is not listed stays the PG's alone. */
  readonly values: readonly SplitValue[];
}

export interface SplitChild {
  readonly pg: number;
  readonly objects: number;
  /** Sum of the objects' sizes, holes included. */
  readonly bytes: number;
}

export interface SplitValue {
  readonly key: string;
  /** Number of the child that it goes to; `undefined`: the PG keeps it, and each child gets a copy. */
  readonly to: number | undefined;
}

/** Throws `INVALID_ARGUMENT` unless the split is one of this PG. */
export function checkSplit(pg: PgId, { fromPgNum, toPgNum, children }: PgSplit): void {
  const isRange = fromPgNum > pg.pg && toPgNum > fromPgNum;
  const wanted = isRange ? childrenOf(pg.pg, { fromPgNum, toPgNum }) : [];
  const isAll = wanted.length === children.length && wanted.every((number, i) => children[i]?.pg === number);
  if (isAll && wanted.length > 0) return;
  const what = `PG ${printPgId(pg)} of a pool of ${fromPgNum} PGs`;
  throw new CairnError('INVALID_ARGUMENT', `${what} is split into all its children of ${toPgNum}, or not at all`);
}
