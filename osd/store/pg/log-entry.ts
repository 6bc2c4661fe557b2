/**
 * Entries of a PG's log: what happened, whom it was answered to, and **what it touched**. A replica that missed some copies
 * just that: extents, keys or key ranges, attributes (DESIGN.md section 5).
 */
import { copyBytes } from '../../../base/bytes.js';
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import { unreachable } from '../../../base/invariant.js';
import { objectBytesMax } from '../../../protocol/object-limits.js';
import type { BodySlot } from '../format/omap-value.js';
import { attributeNameBytesMax, bodiesMax, logEntryBytesMax } from '../limits.js';
import { readKey, readKeyRange, readObjects, ObjectTable } from '../format/record-parts.js';
import type { ObjectId } from '../object-id.js';
import { ownKeyPrefix, type LogEntryInput, type Mutation, type PayloadSize } from '../transaction.js';

/** Of `object`, or of the PG where there is none. */
export type Touched =
  /** Made, removed or replaced by a clone: everything of it may differ. */
  | { readonly kind: 'whole'; readonly object: ObjectId }
  | { readonly kind: 'data'; readonly object: ObjectId; readonly offset: number; readonly bytes: number }
  /** From here on to the end of either version. */
  | { readonly kind: 'size'; readonly object: ObjectId; readonly from: number }
  | { readonly kind: 'attribute'; readonly object: ObjectId; readonly name: string }
  /** The value as a whole: removed, moved. */
  | { readonly kind: 'omap-key'; readonly object: ObjectId; readonly key: string }
  /** Its head or not, and these of its bodies. */
  | {
      readonly kind: 'omap-value';
      readonly object: ObjectId;
      readonly key: string;
      readonly hasHead: boolean;
      readonly slots: readonly BodySlot[];
    }
  | {
      readonly kind: 'omap-range';
      readonly object: ObjectId;
      readonly from: string;
      readonly to: string | undefined;
    }
  | { readonly kind: 'mark'; readonly object: ObjectId; readonly mark: string }
  | { readonly kind: 'pg-key'; readonly key: string }
  | { readonly kind: 'pg-range'; readonly from: string; readonly to: string | undefined };

export interface LogEntry extends LogEntryInput {
  readonly touched: readonly Touched[];
}

/** `sizeBefore` is the object's before an `append` or `truncate`: where appended bytes went, and what was cut. */
export function touchedBy(mutation: Mutation<PayloadSize>, sizeBefore: number): Touched[] {
  switch (mutation.kind) {
    case 'create':
    case 'remove':
    case 'clone':
      return [{ kind: 'whole', object: mutation.object }];
    case 'write':
      return [{ kind: 'data', object: mutation.object, offset: mutation.offset, bytes: mutation.data.bytes }];
    case 'append':
      return [{ kind: 'data', object: mutation.object, offset: sizeBefore, bytes: mutation.data.bytes }];
    case 'truncate':
      return [{ kind: 'size', object: mutation.object, from: Math.min(mutation.size, sizeBefore) }];
    case 'zero':
    case 'punch':
    case 'clone-range':
      return [{ kind: 'data', object: mutation.object, offset: mutation.offset, bytes: mutation.bytes }];
    case 'set-attributes':
      return Array.from(mutation.set.keys(), (name) => ({ kind: 'attribute', object: mutation.object, name }));
    case 'remove-attributes':
      return mutation.names.map((name) => ({ kind: 'attribute', object: mutation.object, name }));
    case 'set-version':
      return [];
    case 'omap-set': {
      const { object, key, head, bodies } = mutation;
      return [{ kind: 'omap-value', object, key, hasHead: head !== undefined, slots: bodies.map(({ slot }) => slot) }];
    }
    case 'omap-remove':
      return [{ kind: 'omap-key', object: mutation.object, key: mutation.key }];
    case 'omap-move':
      return [
        { kind: 'omap-key', object: mutation.object, key: mutation.from },
        { kind: 'omap-key', object: mutation.object, key: mutation.to },
      ];
    case 'omap-remove-range':
      return [{ kind: 'omap-range', object: mutation.object, from: mutation.from, to: mutation.to }];
    case 'set-mark':
    case 'remove-mark':
      return [{ kind: 'mark', object: mutation.object, mark: mutation.mark }];
    case 'pg-set':
    case 'pg-remove':
      return mutation.key.startsWith(ownKeyPrefix) ? [] : [{ kind: 'pg-key', key: mutation.key }];
    case 'pg-remove-range':
      return [{ kind: 'pg-range', from: mutation.from, to: mutation.to }];
    default:
      return unreachable(mutation);
  }
}

const format = 1;
const touchedKinds = [
  'whole',
  'data',
  'size',
  'attribute',
  'omap-key',
  'omap-range',
  'mark',
  'pg-key',
  'pg-range',
  'omap-value',
] as const satisfies readonly Touched['kind'][];

const kindCodes = Object.fromEntries(touchedKinds.map((kind, code) => [kind, code])) as Record<Touched['kind'], number>;

export function encodeLogEntry(entry: LogEntry): Uint8Array {
  return copyBytes(viewLogEntry(entry));
}

const scratch = new ByteWriter(4096);

/** As `encodeLogEntry`: a view that is valid until the next call. */
export function viewLogEntry(entry: LogEntry): Uint8Array {
  scratch.clear();
  writeLogEntry(scratch, entry);
  return scratch.viewWritten();
}

function writeLogEntry(writer: ByteWriter, entry: LogEntry): void {
  const objects = new ObjectTable();
  if (entry.object !== undefined) objects.add(entry.object);
  for (const touched of entry.touched) if ('object' in touched) objects.add(touched.object);
  writer.u8(format);
  writer.varint(entry.term);
  writer.varint(entry.seq);
  writer.blob(entry.session);
  writer.varint(entry.request);
  writer.blob(entry.reply);
  objects.write(writer);
  writer.bool(entry.object !== undefined);
  writer.varint(entry.touched.length);
  for (const touched of entry.touched) {
    writer.u8(kindCodes[touched.kind]);
    if ('object' in touched) writer.varint(objects.indexOf(touched.object));
    writeTouched(writer, touched);
  }
}

function writeTouched(writer: ByteWriter, touched: Touched): void {
  switch (touched.kind) {
    case 'whole':
      return;
    case 'data':
      writer.varint(touched.offset);
      writer.varint(touched.bytes);
      return;
    case 'size':
      writer.varint(touched.from);
      return;
    case 'attribute':
      writer.text(touched.name);
      return;
    case 'mark':
      writer.latin1(touched.mark);
      return;
    case 'omap-key':
    case 'pg-key':
      writer.latin1(touched.key);
      return;
    case 'omap-value':
      writer.latin1(touched.key);
      writer.u8(
        (touched.hasHead ? 1 << bodiesMax : 0) | touched.slots.reduce<number>((mask, slot) => mask | (1 << slot), 0),
      );
      return;
    case 'omap-range':
    case 'pg-range':
      writer.latin1(touched.from);
      writer.bool(touched.to !== undefined);
      if (touched.to !== undefined) writer.latin1(touched.to);
      return;
    default:
      unreachable(touched);
  }
}

/** Whom an entry answered, and what. */
export type LogAnswer = Pick<LogEntry, 'term' | 'seq' | 'session' | 'request' | 'reply'>;

/** The beginning of an entry, for who reads a whole log for that: a tenth of the cost. Errors as `decodeLogEntry`. */
export function decodeLogAnswer(bytes: Uint8Array): LogAnswer {
  return readAnswer(new ByteReader(bytes));
}

function readAnswer(reader: ByteReader): LogAnswer {
  const version = reader.u8('the format of a log entry');
  if (version !== format) throw reader.error(`a log entry of unknown format ${version}`, 0);
  const term = reader.varint('a term');
  const seq = reader.varint('a sequence number', undefined, 1);
  const session = reader.blob('a session', 32);
  const request = reader.varint('a request number');
  return { term, seq, session, request, reply: reader.blob('a reply', logEntryBytesMax) };
}

/** `PARSE_ERROR` for what is no entry of a known format. */
export function decodeLogEntry(bytes: Uint8Array): LogEntry {
  const reader = new ByteReader(bytes);
  const { term, seq, session, request, reply } = readAnswer(reader);
  const objects = readObjects(reader);
  const object = reader.bool('whether the entry is of one object') ? objects[0] : undefined;
  const touched: Touched[] = [];
  for (let left = reader.count('things touched', 1); left > 0; left--) touched.push(readTouched(reader, objects));
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a log entry');
  return { term, seq, object, session, request, reply, touched };
}

function readTouched(reader: ByteReader, objects: readonly ObjectId[]): Touched {
  const at = reader.offset;
  const kind = touchedKinds[reader.u8('the kind of what was touched')];
  if (kind === undefined) throw reader.error('something touched of unknown kind', at);
  if (kind === 'pg-key') return { kind, key: readKey(reader) };
  if (kind === 'pg-range') return { kind, ...readKeyRange(reader) };
  const object = objects[reader.varint('an object')];
  if (object === undefined) throw reader.error('an object that the entry does not name', at);
  switch (kind) {
    case 'whole':
      return { kind, object };
    case 'data': {
      const offset = reader.varint('an offset', objectBytesMax);
      return { kind, object, offset, bytes: reader.varint('a length', objectBytesMax) };
    }
    case 'size':
      return { kind, object, from: reader.varint('an offset', objectBytesMax) };
    case 'attribute':
      return { kind, object, name: reader.text('the name of an attribute', attributeNameBytesMax) };
    case 'omap-key':
      return { kind, object, key: readKey(reader) };
    case 'omap-value':
      return { kind, object, key: readKey(reader), ...readParts(reader) };
    case 'omap-range':
      return { kind, object, ...readKeyRange(reader) };
    case 'mark':
      return { kind, object, mark: readKey(reader) };
    default:
      return unreachable(kind);
  }
}

function readParts(reader: ByteReader): { readonly hasHead: boolean; readonly slots: readonly BodySlot[] } {
  const at = reader.offset;
  const parts = reader.u8('the parts of an omap value');
  if (parts >= 2 << bodiesMax) throw reader.error('an unknown part of an omap value', at);
  const slots = ([0, 1, 2, 3] as const).filter((slot) => (parts & (1 << slot)) !== 0);
  return { hasHead: (parts & (1 << bodiesMax)) !== 0, slots };
}
