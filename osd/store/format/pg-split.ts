/**
 * What a record says of a PG that is split: where its objects go follows from the two numbers of PGs, what its values and
 * counts come to is listed by whoever splits it.
 */
import type { ByteReader } from '../../../base/byte-reader.js';
import type { ByteWriter } from '../../../base/byte-writer.js';
import { CairnError } from '../../../base/errors.js';
import { printPgId, type PgId } from '../../../cluster/ids.js';
import { childrenOf } from '../../../cluster/pg/split.js';
import { readKey } from './record-parts.js';

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

export function writeSplit(writer: ByteWriter, { fromPgNum, toPgNum, children, values }: PgSplit): void {
  writer.varint(fromPgNum);
  writer.varint(toPgNum);
  writer.varint(children.length);
  for (const { pg, objects, bytes } of children) {
    writer.varint(pg);
    writer.varint(objects);
    writer.varint(bytes);
  }
  writer.varint(values.length);
  for (const { key, to } of values) {
    // 0: to all of them.
    writer.varint(to === undefined ? 0 : to + 1);
    writer.latin1(key);
  }
}

/** `PARSE_ERROR` for what is none. */
export function readSplit(reader: ByteReader): PgSplit {
  const fromPgNum = reader.varint('a number of PGs', 2 ** 31, 1);
  const toPgNum = reader.varint('a number of PGs', 2 ** 31, fromPgNum + 1);
  const children: SplitChild[] = [];
  for (let left = reader.count('PGs that split off', 3); left > 0; left--) {
    const pg = reader.varint('a PG', toPgNum - 1, fromPgNum);
    const objects = reader.varint('a number of objects');
    children.push({ pg, objects, bytes: reader.varint('a number of bytes') });
  }
  const values: SplitValue[] = [];
  for (let left = reader.count('values of a PG', 2); left > 0; left--) {
    const to = reader.varint('a PG', toPgNum);
    values.push({ key: readKey(reader), to: to === 0 ? undefined : to - 1 });
  }
  return { fromPgNum, toPgNum, children, values };
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
