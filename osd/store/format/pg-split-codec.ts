/** A PG's split as a record has it (pg/pg-split.ts). */
import type { ByteReader } from '../../../base/byte-reader.js';
import type { ByteWriter } from '../../../base/byte-writer.js';
import type { PgSplit, SplitChild, SplitValue } from '../pg/pg-split.js';
import { readKey } from './record-parts.js';

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
