/** The cleaner's records: which payloads were copied, from where, and whose they are. */
import type { ByteReader } from '../../../base/byte-reader.js';
import type { ByteWriter } from '../../../base/byte-writer.js';
import { unreachable } from '../../../base/invariant.js';
import { chunkBytes, transactionBytesMax } from '../limits.js';
import { parseObjectKey, type ObjectId } from '../object-id.js';
import type { BodySlot } from './omap-value.js';
import { readPayloadRef, writePayloadRef, type PayloadRef } from './payload-ref.js';
import { readKey } from './record-parts.js';

/** Where a moved payload was, and whose it is. */
export interface PayloadMove {
  readonly from: PayloadRef;
  /** The payload's bytes from `skip` on are what was still in use and so moved. */
  readonly skip: number;
  readonly bytes: number;
  readonly owner: MoveOwner;
}

/** A part of a chunk that showed a moved payload: what is needed to find it a place again when the index is lost. */
export interface MovedExtent {
  readonly at: number;
  readonly bytes: number;
  /** In the payload as it was. */
  readonly skip: number;
}

export type MoveOwner =
  | {
      readonly kind: 'chunk';
      readonly object: ObjectId;
      readonly chunk: number;
      readonly extents: readonly MovedExtent[];
    }
  | { readonly kind: 'body'; readonly object: ObjectId; readonly key: string; readonly slot: BodySlot }
  | { readonly kind: 'shared'; readonly id: number; readonly owner: bigint };

/** Of one object's payloads that follow each other, only the first names it; the others have an empty key there. */
export function writeMoves(writer: ByteWriter, moves: readonly PayloadMove[]): void {
  let named = '';
  const writeObject = ({ key }: ObjectId): void => {
    writer.latin1(key === named ? '' : key);
    named = key;
  };
  writer.varint(moves.length);
  for (const { from, skip, bytes, owner } of moves) {
    writePayloadRef(writer, from);
    writer.varint(skip);
    writer.varint(bytes);
    switch (owner.kind) {
      case 'chunk':
        writer.u8(1);
        writeObject(owner.object);
        writer.varint(owner.chunk);
        writer.varint(owner.extents.length);
        for (const extent of owner.extents) {
          writer.varint(extent.at);
          writer.varint(extent.bytes);
          writer.varint(extent.skip);
        }
        break;
      case 'body':
        writer.u8(2);
        writeObject(owner.object);
        writer.latin1(owner.key);
        writer.u8(owner.slot);
        break;
      case 'shared':
        writer.u8(3);
        writer.varint(owner.id);
        writer.u64(owner.owner);
        break;
      default:
        unreachable(owner);
    }
  }
}

/** `PARSE_ERROR` for what are none. */
export function readMoves(reader: ByteReader): PayloadMove[] {
  const moves: PayloadMove[] = [];
  let named: ObjectId | undefined;
  for (let left = reader.count('moves', 8); left > 0; left--) {
    const from = readPayloadRef(reader);
    const skip = reader.varint('an offset in a payload', transactionBytesMax);
    const bytes = reader.varint('the bytes moved', transactionBytesMax, 1);
    if (skip + bytes > from.bytes) throw reader.error('a move reaches beyond its payload');
    const owner = readMoveOwner(reader, named);
    if (owner.kind !== 'shared') named = owner.object;
    moves.push({ from, skip, bytes, owner });
  }
  return moves;
}

function readMoveOwner(reader: ByteReader, named: ObjectId | undefined): MoveOwner {
  const at = reader.offset;
  const kind = reader.u8('the kind of an owner');
  switch (kind) {
    case 1: {
      const object = readMovedObject(reader, named);
      const chunk = reader.varint('a chunk', 2 ** 32 - 1);
      const extents: MovedExtent[] = [];
      for (let left = reader.count('extents', 3, chunkBytes); left > 0; left--) {
        const from = reader.varint('an offset in a chunk', chunkBytes);
        const bytes = reader.varint('the bytes of an extent', chunkBytes, 1);
        extents.push({ at: from, bytes, skip: reader.varint('an offset in a payload', transactionBytesMax) });
      }
      return { kind: 'chunk', object, chunk, extents };
    }
    case 2: {
      const object = readMovedObject(reader, named);
      const key = readKey(reader);
      const slot = reader.u8('a body');
      if (slot > 3) throw reader.error(`an unknown body ${slot}`, at);
      return { kind: 'body', object, key, slot: slot as BodySlot };
    }
    case 3:
      return { kind: 'shared', id: reader.varint('a shared payload'), owner: reader.u64('an owner') };
    default:
      throw reader.error(`an owner of unknown kind ${kind}`, at);
  }
}

function readMovedObject(reader: ByteReader, named: ObjectId | undefined): ObjectId {
  const key = readKey(reader);
  return key === '' && named !== undefined ? named : parseObjectKey(key);
}
