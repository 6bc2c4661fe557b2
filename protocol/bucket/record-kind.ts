/**
 * The first byte of every head in a shard's omap: what it is, and the version of its format. What was released moves under
 * `g/` as it is, so a head has to say by itself what it is.
 */
import { ByteReader } from '../../base/byte-reader.js';

export const recordKinds = {
  entry: 0x10,
  upload: 0x20,
  part: 0x30,
  intent: 0x40,
  hold: 0x50,
  nullPlace: 0x60,
  ended: 0x70,
} as const;
export type RecordKind = keyof typeof recordKinds;

const kindOfCode = new Map<number, RecordKind>(
  Object.entries(recordKinds).map(([kind, code]) => [code, kind as RecordKind]),
);

/** `PARSE_ERROR` for none that this version knows. */
export function kindOf(head: Uint8Array): RecordKind {
  const reader = new ByteReader(head);
  const code = reader.u8('the kind of a record');
  const kind = kindOfCode.get(code);
  if (kind === undefined) throw reader.error(`a record of unknown kind or format ${code}; upgrade this OSD`, 0);
  return kind;
}

/** A reader behind that byte. */
export function readerOf(head: Uint8Array, kind: RecordKind): ByteReader {
  const reader = new ByteReader(head);
  const code = reader.u8('the kind of a record');
  if (code === recordKinds[kind]) return reader;
  throw reader.error(`expected a record of kind ${kind}, found code ${code}`, 0);
}
