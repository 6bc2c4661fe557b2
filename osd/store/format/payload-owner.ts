/**
 * Who owns a payload whose record in the log no longer tells: a body whose omap key was moved, or a payload that became
 * shared. The cleaner, which reads the log, looks here too.
 */
import { latin1Text } from '../../../base/bytes.js';
import { ByteReader } from '../../../base/byte-reader.js';
import { omapKeyBytesMax } from '../limits.js';
import type { BodySlot } from './omap-value.js';
import { encoded } from './scratch-writer.js';

export type PayloadOwner =
  | { readonly kind: 'shared'; readonly id: number }
  /** `objectKey` is the object's part of index keys. */
  | { readonly kind: 'body'; readonly objectKey: string; readonly key: string; readonly slot: BodySlot };

const format = 1;

export function encodePayloadOwner(owner: PayloadOwner): Uint8Array {
  return encoded((writer) => {
    writer.u8(format);
    if (owner.kind === 'shared') {
      writer.u8(0);
      writer.varint(owner.id);
    } else {
      writer.u8(1);
      writer.latin1(owner.objectKey);
      writer.latin1(owner.key);
      writer.u8(owner.slot);
    }
  });
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodePayloadOwner(bytes: Uint8Array): PayloadOwner {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a payload owner');
  if (version !== format) throw reader.error(`a payload owner of unknown format ${version}`, 0);
  const kind = reader.u8('the kind of an owner');
  if (kind === 0) return { kind: 'shared', id: reader.varint('a shared payload') };
  if (kind !== 1) throw reader.error(`a payload owner of unknown kind ${kind}`, 1);
  const objectKey = latin1Text(
    reader.viewRaw(reader.varint('the length of an object', 4 * omapKeyBytesMax), 'an object'),
  );
  const key = latin1Text(reader.viewRaw(reader.varint('the length of a key', omapKeyBytesMax), 'a key'));
  const at = reader.offset;
  const slot = reader.u8('a body');
  if (slot > 3) throw reader.error(`an unknown body ${slot}`, at);
  return { kind: 'body', objectKey, key, slot: slot as BodySlot };
}
