/**
 * The file of one PG, as `export-pg` writes it. Version 1:
 *
 *     "CAIRNPGX" │ version, u32 │ frame: begin │ frames … │ frame: end
 *     frame:  length, u32 │ record │ xxh64 of the record, seeded with the checksum of the frame before
 *
 * So a frame that is changed, missing, doubled or in another place is found, and a file without its end is none. Frames
 * come in the order: begin, log, values, then each object with its data, omap and marks.
 */
import { latin1Bytes, latin1Text } from '../../../../base/bytes.js';
import { ByteReader } from '../../../../base/byte-reader.js';
import { ByteWriter } from '../../../../base/byte-writer.js';
import { unreachable } from '../../../../base/invariant.js';
import { poolId, type PgId } from '../../../../cluster/ids.js';
import type { ObjectVersion } from '../../format/object-head.js';
import type { BodySlot } from '../../format/omap-value.js';
import { readBlockShift } from '../../format/payload-ref.js';
import { objectBytesMax } from '../../../../protocol/object-limits.js';
import {
  attributeBytesMax,
  attributeNameBytesMax,
  bodiesMax,
  bodyBytesMax,
  logEntryBytesMax,
  omapHeadBytesMax,
  omapKeyBytesMax,
} from '../../limits.js';
import { parseObjectKey, type ObjectId } from '../../object-id.js';

export const pgFileMagic = 'CAIRNPGX';
export const pgFileVersion = 1;

/** Data of objects in one frame, at most. */
export const pieceBytesMax = 1024 * 1024;
/** A frame's record: a piece, or a body, or attributes, with what is said of them. */
export const frameBytesMax = pieceBytesMax + 256 * 1024;

export interface PgFileBegin {
  readonly pg: PgId;
  /** Of the pool when it was exported: it says which objects are the PG's. */
  readonly pgNum: number;
  /** Where it comes from. */
  readonly osd: number;
  readonly storeUuid: Uint8Array;
  readonly fsid: string;
  readonly trimmedTo: number;
  readonly lastSeq: number;
  readonly lastTerm: number;
}

export interface PgFileCounts {
  readonly objects: number;
  readonly dataBytes: number;
  readonly omapKeys: number;
  readonly bodies: number;
  readonly marks: number;
  readonly values: number;
  readonly entries: number;
  /** Objects that were left out, as they were damaged. */
  readonly skipped: number;
}

export type PgFileRecord =
  | ({ readonly kind: 'begin' } & PgFileBegin)
  | { readonly kind: 'value'; readonly key: string; readonly value: Uint8Array }
  /** As `encodeLogEntry` made it. */
  | { readonly kind: 'entry'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'object';
      readonly object: ObjectId;
      readonly size: number;
      readonly version: ObjectVersion;
      readonly attributes: ReadonlyMap<string, Uint8Array>;
    }
  | { readonly kind: 'data'; readonly offset: number; readonly blockShift: number; readonly bytes: Uint8Array }
  /** Its bodies follow, those that are not empty. */
  | { readonly kind: 'omap'; readonly key: string; readonly head: Uint8Array; readonly slots: readonly BodySlot[] }
  | { readonly kind: 'body'; readonly slot: BodySlot; readonly bytes: Uint8Array }
  | { readonly kind: 'mark'; readonly mark: string; readonly value: Uint8Array }
  | ({ readonly kind: 'end' } & PgFileCounts);

const codes: Readonly<Record<PgFileRecord['kind'], number>> = {
  begin: 1,
  value: 2,
  entry: 3,
  object: 4,
  data: 5,
  omap: 6,
  body: 7,
  mark: 8,
  end: 9,
};
const kindOfCode = new Map(Object.entries(codes).map(([kind, code]) => [code, kind as PgFileRecord['kind']]));

const countNames = ['objects', 'dataBytes', 'omapKeys', 'bodies', 'marks', 'values', 'entries', 'skipped'] as const;

/** For those who count while they go. */
export function noPgFileCounts(): { -readonly [Name in keyof PgFileCounts]: number } {
  return { objects: 0, dataBytes: 0, omapKeys: 0, bodies: 0, marks: 0, values: 0, entries: 0, skipped: 0 };
}

export function encodePgFileRecord(record: PgFileRecord): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u8(codes[record.kind]);
  switch (record.kind) {
    case 'begin':
      writer.varint(record.pg.pool);
      writer.varint(record.pg.pg);
      writer.varint(record.pgNum);
      writer.varint(record.osd);
      writer.blob(record.storeUuid);
      writer.text(record.fsid);
      writer.varint(record.trimmedTo);
      writer.varint(record.lastSeq);
      writer.varint(record.lastTerm);
      break;
    case 'value':
      writer.blob(latin1Bytes(record.key));
      writer.blob(record.value);
      break;
    case 'entry':
      writer.raw(record.bytes);
      break;
    case 'object':
      writer.blob(latin1Bytes(record.object.key));
      writer.varint(record.size);
      writer.varint(record.version.term);
      writer.varint(record.version.seq);
      writer.varint(record.attributes.size);
      for (const [name, value] of record.attributes) {
        writer.text(name);
        writer.blob(value);
      }
      break;
    case 'data':
      writer.varint(record.offset);
      writer.u8(record.blockShift);
      writer.raw(record.bytes);
      break;
    case 'omap':
      writer.blob(latin1Bytes(record.key));
      writer.u8(record.slots.length);
      for (const slot of record.slots) writer.u8(slot);
      writer.raw(record.head);
      break;
    case 'body':
      writer.u8(record.slot);
      writer.raw(record.bytes);
      break;
    case 'mark':
      writer.blob(latin1Bytes(record.mark));
      writer.blob(record.value);
      break;
    case 'end':
      for (const name of countNames) writer.varint(record[name]);
      break;
    default:
      unreachable(record);
  }
  return writer.bytes();
}

/** `PARSE_ERROR` for what is no record of version 1. Bytes are views of `bytes`. */
export function decodePgFileRecord(bytes: Uint8Array): PgFileRecord {
  const reader = new ByteReader(bytes);
  const code = reader.u8('the kind of a frame');
  const kind = kindOfCode.get(code);
  if (kind === undefined) throw reader.error(`a frame of unknown kind ${code}`, 0);
  const record = readBody(reader, kind);
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a frame');
  return record;
}

function readBody(reader: ByteReader, kind: PgFileRecord['kind']): PgFileRecord {
  switch (kind) {
    case 'begin':
      return { kind, ...readBegin(reader) };
    case 'value':
      return { kind, key: readKey(reader), value: reader.blob('a value', omapHeadBytesMax) };
    case 'entry':
      return { kind, bytes: readRest(reader, 2 * logEntryBytesMax) };
    case 'object': {
      const object = parseObjectKey(readKey(reader, 4 * omapKeyBytesMax));
      const size = reader.varint('the size of an object', objectBytesMax);
      const version = { term: reader.varint('a term'), seq: reader.varint('a sequence number') };
      const attributes = new Map<string, Uint8Array>();
      for (let left = reader.count('attributes', 2); left > 0; left--) {
        const name = reader.text('the name of an attribute', attributeNameBytesMax);
        attributes.set(name, reader.blob('an attribute', attributeBytesMax));
      }
      return { kind, object, size, version, attributes };
    }
    case 'data': {
      const offset = reader.varint('an offset', objectBytesMax);
      const blockShift = readBlockShift(reader);
      return { kind, offset, blockShift, bytes: readRest(reader, pieceBytesMax) };
    }
    case 'omap': {
      const key = readKey(reader);
      const slots: BodySlot[] = [];
      for (let left = readSlotCount(reader); left > 0; left--) slots.push(readSlot(reader));
      return { kind, key, slots, head: readRest(reader, omapHeadBytesMax) };
    }
    case 'body':
      return { kind, slot: readSlot(reader), bytes: readRest(reader, bodyBytesMax) };
    case 'mark':
      return { kind, mark: readKey(reader), value: reader.blob('a value', omapHeadBytesMax) };
    case 'end': {
      const [objects, dataBytes, omapKeys, bodies, marks, values, entries, skipped] = countNames.map((name) =>
        reader.varint(`the number of ${name}`),
      ) as [number, number, number, number, number, number, number, number];
      return { kind, objects, dataBytes, omapKeys, bodies, marks, values, entries, skipped };
    }
    default:
      return unreachable(kind);
  }
}

function readBegin(reader: ByteReader): PgFileBegin {
  const pool = poolId(reader.varint('a pool', 2 ** 31 - 1, 1));
  const pg = reader.varint('a PG', 2 ** 31 - 1);
  const pgNum = reader.varint('a number of PGs', 2 ** 31, pg + 1);
  const osd = reader.varint('an OSD', 2 ** 24 - 1);
  const storeUuid = reader.blob('a uuid', 16);
  const fsid = reader.text('an fsid', 64);
  const trimmedTo = reader.varint('where a log begins');
  const lastSeq = reader.varint('where a log ends');
  return { pg: { pool, pg }, pgNum, osd, storeUuid, fsid, trimmedTo, lastSeq, lastTerm: reader.varint('a term') };
}

function readKey(reader: ByteReader, bytesMax = omapKeyBytesMax): string {
  return latin1Text(reader.viewRaw(reader.varint('the length of a key', bytesMax), 'a key'));
}

function readSlotCount(reader: ByteReader): number {
  const at = reader.offset;
  const count = reader.u8('the number of bodies');
  if (count > bodiesMax) throw reader.error(`${count} bodies`, at);
  return count;
}

function readSlot(reader: ByteReader): BodySlot {
  const at = reader.offset;
  const slot = reader.u8('a body');
  if (slot >= bodiesMax) throw reader.error(`an unknown body ${slot}`, at);
  return slot as BodySlot;
}

function readRest(reader: ByteReader, bytesMax: number): Uint8Array {
  const { left } = reader;
  if (left > bytesMax) throw reader.error(`${left} bytes where at most ${bytesMax} can be`);
  return reader.viewRaw(left, 'bytes');
}
