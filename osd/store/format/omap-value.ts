/**
 * The index value of one omap key: its head, which iteration returns, and where its bodies are. Bodies are payloads of the
 * object (not of the key), so that a moved key keeps them.
 */
import { ByteReader } from '../../../base/byte-reader.js';
import { bodiesMax, bodyBytesMax, omapHeadBytesMax } from '../limits.js';
import { readPayloadRef, writePayloadRef, type PayloadRef } from './payload-ref.js';
import { encoded } from './scratch-writer.js';

/** Which of the up to four bodies; what each is for is the caller's. */
export type BodySlot = 0 | 1 | 2 | 3;

export interface OmapBody {
  readonly slot: BodySlot;
  /** `undefined` for an empty body. */
  readonly payload: PayloadRef | undefined;
  /** Its key was another one when it was written: the cleaner finds it by a key of `r` (index-key.ts). */
  readonly isMoved: boolean;
}

export interface OmapValue {
  readonly head: Uint8Array;
  /** By slot, ascending. */
  readonly bodies: readonly OmapBody[];
}

const format = 1;
const codeEmpty = 0x80;
const codeMoved = 0x40;

export function encodeOmapValue(value: OmapValue): Uint8Array {
  return encoded((writer) => {
    writer.u8(format);
    writer.u8(value.bodies.length);
    for (const { slot, payload, isMoved } of value.bodies) {
      writer.u8(slot | (payload === undefined ? codeEmpty : 0) | (isMoved ? codeMoved : 0));
      if (payload !== undefined) writePayloadRef(writer, payload);
    }
    writer.raw(value.head);
  });
}

/** `head` is a view of `bytes`. `PARSE_ERROR` for what is no omap value of a known format. */
export function decodeOmapValue(bytes: Uint8Array): OmapValue {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of an omap value');
  if (version !== format) throw reader.error(`an omap value of unknown format ${version}`, 0);
  const count = reader.u8('the number of bodies');
  if (count > bodiesMax) throw reader.error(`an omap value with ${count} bodies`, 1);
  const bodies: OmapBody[] = [];
  for (let i = 0; i < count; i++) {
    const at = reader.offset;
    const code = reader.u8('a body');
    const slot = code & 0x3f;
    if (slot >= bodiesMax || slot <= (bodies.at(-1)?.slot ?? -1)) throw reader.error(`an unknown body ${slot}`, at);
    const payload = (code & codeEmpty) === 0 ? readPayloadRef(reader) : undefined;
    if (payload !== undefined && payload.bytes > bodyBytesMax) throw reader.error('a body that is too large', at);
    bodies.push({ slot: slot as BodySlot, payload, isMoved: (code & codeMoved) !== 0 });
  }
  if (reader.left > omapHeadBytesMax) throw reader.error('an omap head that is too large');
  return { head: reader.viewRaw(reader.left, 'a head'), bodies };
}
