/** How a record holds the mutations of a transaction. */
import type { ByteReader } from '../../../base/byte-reader.js';
import type { ByteWriter } from '../../../base/byte-writer.js';
import { unreachable } from '../../../base/invariant.js';
import { attributeBytesMax, attributeNameBytesMax, omapHeadBytesMax } from '../limits.js';
import type { ObjectId } from '../object-id.js';
import type { BodyChange, Mutation, MutationKind, PayloadSize } from '../transaction.js';
import type { BodySlot } from './omap-value.js';
import { readKey, readKeyRange, readObject, readOffset, readPayloadSize, type ObjectTable } from './record-parts.js';

const mutationCodes: Readonly<Record<MutationKind, number>> = {
  create: 1,
  remove: 2,
  write: 3,
  append: 4,
  truncate: 5,
  zero: 6,
  punch: 7,
  clone: 8,
  'clone-range': 9,
  'set-attributes': 10,
  'remove-attributes': 11,
  'set-version': 12,
  'omap-set': 13,
  'omap-remove': 14,
  'omap-remove-range': 15,
  'omap-move': 16,
  'set-mark': 17,
  'remove-mark': 18,
  'pg-set': 19,
  'pg-remove': 20,
  'pg-remove-range': 21,
};
const kindOfCode = new Map(Object.entries(mutationCodes).map(([kind, code]) => [code, kind as MutationKind]));

export function writeMutation(writer: ByteWriter, mutation: Mutation<PayloadSize>, objects: ObjectTable): void {
  writer.u8(mutationCodes[mutation.kind]);
  if ('object' in mutation) writer.varint(objects.indexOf(mutation.object));
  switch (mutation.kind) {
    case 'create':
    case 'remove':
      return;
    case 'write':
      writer.varint(mutation.offset);
      writer.varint(mutation.data.bytes);
      return;
    case 'append':
      writer.varint(mutation.data.bytes);
      return;
    case 'truncate':
      writer.varint(mutation.size);
      return;
    case 'zero':
    case 'punch':
      writer.varint(mutation.offset);
      writer.varint(mutation.bytes);
      return;
    case 'clone':
      writer.varint(objects.indexOf(mutation.source));
      return;
    case 'clone-range':
      writer.varint(objects.indexOf(mutation.source));
      writer.varint(mutation.sourceOffset);
      writer.varint(mutation.offset);
      writer.varint(mutation.bytes);
      return;
    case 'set-attributes':
      writer.varint(mutation.set.size);
      for (const [name, value] of mutation.set) {
        writer.text(name);
        writer.blob(value);
      }
      return;
    case 'remove-attributes':
      writer.varint(mutation.names.length);
      for (const name of mutation.names) writer.text(name);
      return;
    case 'set-version':
      writer.varint(mutation.version.term);
      writer.varint(mutation.version.seq);
      return;
    case 'omap-set':
      writer.latin1(mutation.key);
      writer.bool(mutation.head !== undefined);
      if (mutation.head !== undefined) writer.blob(mutation.head);
      writeBodies(writer, mutation.bodies);
      return;
    case 'omap-remove':
      writer.latin1(mutation.key);
      return;
    case 'omap-remove-range':
    case 'pg-remove-range':
      writer.latin1(mutation.from);
      writer.bool(mutation.to !== undefined);
      if (mutation.to !== undefined) writer.latin1(mutation.to);
      return;
    case 'omap-move':
      writer.latin1(mutation.from);
      writer.latin1(mutation.to);
      return;
    case 'set-mark':
      writer.latin1(mutation.mark);
      writer.blob(mutation.value);
      return;
    case 'remove-mark':
      writer.latin1(mutation.mark);
      return;
    case 'pg-set':
      writer.latin1(mutation.key);
      writer.blob(mutation.value);
      return;
    case 'pg-remove':
      writer.latin1(mutation.key);
      return;
    default:
      unreachable(mutation);
  }
}

/** `PARSE_ERROR` for what is none. */
export function readMutation(reader: ByteReader, objects: readonly ObjectId[]): Mutation<PayloadSize> {
  const at = reader.offset;
  const code = reader.u8('a mutation');
  const kind = kindOfCode.get(code);
  if (kind === undefined) throw reader.error(`a mutation of unknown kind ${code}`, at);
  if (kind === 'pg-set') return { kind, key: readKey(reader), value: reader.blob('a value', omapHeadBytesMax) };
  if (kind === 'pg-remove') return { kind, key: readKey(reader) };
  if (kind === 'pg-remove-range') return { kind, ...readKeyRange(reader) };
  return readObjectMutation(reader, kind, readObject(reader, objects), objects);
}

type ObjectMutationKind = Exclude<MutationKind, 'pg-set' | 'pg-remove' | 'pg-remove-range'>;

function readObjectMutation(
  reader: ByteReader,
  kind: ObjectMutationKind,
  object: ObjectId,
  objects: readonly ObjectId[],
): Mutation<PayloadSize> {
  switch (kind) {
    case 'create':
    case 'remove':
      return { kind, object };
    case 'write':
      return { kind, object, offset: readOffset(reader), data: readPayloadSize(reader) };
    case 'append':
      return { kind, object, data: readPayloadSize(reader) };
    case 'truncate':
      return { kind, object, size: readOffset(reader) };
    case 'zero':
    case 'punch':
      return { kind, object, offset: readOffset(reader), bytes: readOffset(reader) };
    case 'clone':
      return { kind, object, source: readObject(reader, objects) };
    case 'clone-range': {
      const source = readObject(reader, objects);
      const sourceOffset = readOffset(reader);
      return { kind, object, source, sourceOffset, offset: readOffset(reader), bytes: readOffset(reader) };
    }
    case 'set-attributes': {
      const set = new Map<string, Uint8Array>();
      for (let left = reader.count('attributes', 2); left > 0; left--) {
        const name = reader.text('the name of an attribute', attributeNameBytesMax);
        set.set(name, reader.blob('an attribute', attributeBytesMax));
      }
      return { kind, object, set };
    }
    case 'remove-attributes': {
      const names: string[] = [];
      for (let left = reader.count('attributes', 1); left > 0; left--) {
        names.push(reader.text('the name of an attribute', attributeNameBytesMax));
      }
      return { kind, object, names };
    }
    case 'set-version':
      return { kind, object, version: { term: reader.varint('a term'), seq: reader.varint('a sequence number') } };
    case 'omap-set': {
      const key = readKey(reader);
      const head = reader.bool('whether a head follows') ? reader.blob('a head', omapHeadBytesMax) : undefined;
      return { kind, object, key, head, bodies: readBodies(reader) };
    }
    case 'omap-remove':
      return { kind, object, key: readKey(reader) };
    case 'omap-remove-range':
      return { kind, object, ...readKeyRange(reader) };
    case 'omap-move':
      return { kind, object, from: readKey(reader), to: readKey(reader) };
    case 'set-mark':
      return { kind, object, mark: readKey(reader), value: reader.blob('a value', omapHeadBytesMax) };
    case 'remove-mark':
      return { kind, object, mark: readKey(reader) };
    default:
      return unreachable(kind);
  }
}

const bodyRemoved = 0x80;

function writeBodies(writer: ByteWriter, bodies: readonly BodyChange<PayloadSize>[]): void {
  writer.u8(bodies.length);
  for (const { slot, body } of bodies) {
    writer.u8(body === undefined ? slot | bodyRemoved : slot);
    if (body !== undefined) writer.varint(body.bytes);
  }
}

function readBodies(reader: ByteReader): BodyChange<PayloadSize>[] {
  const bodies: BodyChange<PayloadSize>[] = [];
  for (let left = reader.u8('the number of bodies'); left > 0; left--) {
    const at = reader.offset;
    const code = reader.u8('a body');
    const slot = code & 0x7f;
    if (slot > 3) throw reader.error(`an unknown body ${slot}`, at);
    const body = code >= bodyRemoved ? undefined : readPayloadSize(reader);
    bodies.push({ slot: slot as BodySlot, body });
  }
  return bodies;
}
