/**
 * Walks the MessagePack of a header before anything is built from it, so that the decoder behind it meets only what is
 * well-formed, plain and of bounded cost: nil, booleans, numbers, strings, byte strings, arrays, and maps with text
 * keys. Extension types are refused (they instantiate classes, and msgpackr compiles code for records), except type 0,
 * which stands for `undefined`.
 */
import { CairnError } from '../base/errors.js';

/** Deeper than any message needs and far from the end of the stack. */
export const headerDepthMax = 32;
/** One byte (an empty map) can become 56 bytes of objects: the bound keeps a header under about 15 MiB. */
export const headerValuesMax = 262_144;

/** Throws `PROTOCOL_ERROR` unless `bytes` from `start` to `end` is exactly one value of the kinds above. */
export function checkHeader(bytes: Uint8Array, start: number, end: number, valuesMax = headerValuesMax): void {
  const walk = new HeaderWalk(bytes, end, valuesMax);
  const stop = walk.value(start, 0);
  if (stop !== end) throw malformed('it is not exactly one value');
}

class HeaderWalk {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #valuesLeft: number;

  constructor(bytes: Uint8Array, end: number, valuesMax: number) {
    this.#bytes = bytes;
    this.#end = end;
    this.#valuesLeft = valuesMax;
  }

  /** Returns the offset after the value at `offset`. */
  value(offset: number, depth: number): number {
    if (offset >= this.#end) throw malformed('it ends early');
    if (--this.#valuesLeft < 0) throw malformed('it has too many values');
    const token = this.#bytes[offset] ?? 0;
    const next = offset + 1;
    if (token < 0x80 || token >= 0xe0) return next;
    if (token < 0x90) return this.#map(next, token & 0x0f, depth);
    if (token < 0xa0) return this.#array(next, token & 0x0f, depth);
    if (token < 0xc0) return this.#skip(next, token & 0x1f);
    return this.#long(token, next, depth);
  }

  #long(token: number, next: number, depth: number): number {
    switch (token) {
      case 0xc0: // nil
      case 0xc2: // false
      case 0xc3: // true
        return next;
      case 0xc4: // bytes, by the width of their length
      case 0xd9: // text
        return this.#skip(next + 1, this.#uint(next, 1));
      case 0xc5:
      case 0xda:
        return this.#skip(next + 2, this.#uint(next, 2));
      case 0xc6:
      case 0xdb:
        return this.#skip(next + 4, this.#uint(next, 4));
      case 0xcc: // unsigned and signed integers
      case 0xd0:
        return this.#skip(next, 1);
      case 0xcd:
      case 0xd1:
        return this.#skip(next, 2);
      case 0xca: // float32
      case 0xce:
      case 0xd2:
        return this.#skip(next, 4);
      case 0xcb: // float64
      case 0xcf:
      case 0xd3:
        return this.#skip(next, 8);
      case 0xd4: // one byte of an extension: only type 0, `undefined`
        if (this.#uint(next, 1) !== 0) throw malformed('it has an extension type');
        return this.#skip(next, 2);
      case 0xdc:
        return this.#array(next + 2, this.#uint(next, 2), depth);
      case 0xdd:
        return this.#array(next + 4, this.#uint(next, 4), depth);
      case 0xde:
        return this.#map(next + 2, this.#uint(next, 2), depth);
      case 0xdf:
        return this.#map(next + 4, this.#uint(next, 4), depth);
      default:
        throw malformed(`it has an extension type or an unknown token 0x${token.toString(16)}`);
    }
  }

  #array(offset: number, count: number, depth: number): number {
    if (depth >= headerDepthMax) throw malformed('it nests too deep');
    if (count > this.#end - offset) throw malformed('it ends early');
    let position = offset;
    for (let i = 0; i < count; i++) position = this.value(position, depth + 1);
    return position;
  }

  #map(offset: number, count: number, depth: number): number {
    if (depth >= headerDepthMax) throw malformed('it nests too deep');
    if (count > (this.#end - offset) / 2) throw malformed('it ends early');
    let position = offset;
    for (let i = 0; i < count; i++) {
      const keyEnd = this.#key(position);
      position = this.value(keyEnd, depth + 1);
    }
    return position;
  }

  #key(offset: number): number {
    const token = this.#bytes[offset] ?? 0;
    const isText = (token >= 0xa0 && token < 0xc0) || (token >= 0xd9 && token <= 0xdb);
    if (!isText) throw malformed('a key is not text');
    const keyEnd = this.value(offset, 0);
    if (this.#isProto(keyEnd)) throw malformed('a key is named __proto__');
    return keyEnd;
  }

  /** Whether the bytes before `keyEnd` are a key named so; judged by its end, the length byte included. */
  #isProto(keyEnd: number): boolean {
    const bytes = this.#bytes;
    if (bytes[keyEnd - 1] !== 0x5f || bytes[keyEnd - 9] !== 0x5f || bytes[keyEnd - 7] !== 0x70) return false;
    for (let i = 0; i < protoName.length; i++) {
      if (bytes[keyEnd - protoName.length + i] !== protoName.charCodeAt(i)) return false;
    }
    const before = bytes[keyEnd - protoName.length - 1];
    return before === 0xa9 || before === 0x09;
  }

  #skip(offset: number, count: number): number {
    if (count > this.#end - offset) throw malformed('it ends early');
    return offset + count;
  }

  #uint(offset: number, width: number): number {
    if (offset + width > this.#end) throw malformed('it ends early');
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + (this.#bytes[offset + i] ?? 0);
    return value;
  }
}

const protoName = '__proto__';

function malformed(why: string): CairnError {
  return new CairnError('PROTOCOL_ERROR', `a header is malformed: ${why}`);
}
