/** What records are made of: objects named once each, keys, offsets. */
import { latin1Text } from '../../../base/bytes.js';
import type { ByteReader } from '../../../base/byte-reader.js';
import type { ByteWriter } from '../../../base/byte-writer.js';
import { objectBytesMax } from '../../../protocol/object-limits.js';
import { omapKeyBytesMax, transactionBytesMax } from '../limits.js';
import { parseObjectKey, type ObjectId } from '../object-id.js';
import type { PayloadSize } from '../transaction.js';

/** The objects of a transaction, each named once. Mostly there is one. */
export class ObjectTable {
  #first: string | undefined;
  /** With the first; made for the second: a map for one costs more than looking at it. */
  #indexes: Map<string, number> | undefined;

  add(object: ObjectId): void {
    const { key } = object;
    if (this.#first === undefined) {
      this.#first = key;
      return;
    }
    if (this.indexOf(object) >= 0) return;
    this.#indexes ??= new Map([[this.#first, 0]]);
    this.#indexes.set(key, this.#indexes.size);
  }

  /** -1 for one that was not added. */
  indexOf(object: ObjectId): number {
    if (this.#first === object.key) return 0;
    return this.#indexes?.get(object.key) ?? -1;
  }

  write(writer: ByteWriter): void {
    if (this.#indexes !== undefined) {
      writer.varint(this.#indexes.size);
      for (const key of this.#indexes.keys()) writer.latin1(key);
      return;
    }
    writer.varint(this.#first === undefined ? 0 : 1);
    if (this.#first !== undefined) writer.latin1(this.#first);
  }
}

export function readObjects(reader: ByteReader): ObjectId[] {
  const objects: ObjectId[] = [];
  for (let left = reader.count('objects', 12); left > 0; left--) objects.push(parseObjectKey(readKey(reader)));
  return objects;
}

export function readObject(reader: ByteReader, objects: readonly ObjectId[]): ObjectId {
  const at = reader.offset;
  const object = objects[reader.varint('an object of the transaction')];
  if (object === undefined) throw reader.error('an object that the transaction does not name', at);
  return object;
}

/** Object parts may be longer than omap keys: three escaped texts. */
const keyBytesMax = 3 * omapKeyBytesMax + 16;

export function readKey(reader: ByteReader): string {
  return latin1Text(reader.viewRaw(reader.varint('the length of a key', keyBytesMax), 'a key'));
}

export function readKeyRange(reader: ByteReader): { readonly from: string; readonly to: string | undefined } {
  const from = readKey(reader);
  return { from, to: reader.bool('whether a range ends') ? readKey(reader) : undefined };
}

export function readOffset(reader: ByteReader): number {
  return reader.varint('an offset', objectBytesMax);
}

export function readPayloadSize(reader: ByteReader): PayloadSize {
  return { bytes: reader.varint('the bytes of a payload', transactionBytesMax) };
}
