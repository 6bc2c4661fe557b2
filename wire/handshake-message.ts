/**
 * Messages of the handshake, before there are frames: 12 bytes of prefix, then the body.
 *
 *     offset  0  4    magic "CRNW"
 *             4  u8   type
 *             5  u8   zero
 *             6  u16  body bytes, at most 4,096
 *             8  u32  low half of xxh64 of the body, seeded with bytes 4 to 8 as an integer: against accidents
 */
import { CairnError } from '../base/errors.js';
import { xxh64 } from '../base/xxh64.js';
import { readU32 } from './frame.js';

export const handshakeTypes = { hello: 1, reply: 2, proof: 3, welcome: 4, refused: 5 } as const;
export type HandshakeType = (typeof handshakeTypes)[keyof typeof handshakeTypes];

export const handshakeBodyBytesMax = 4096;
export const handshakePrefixBytes = 12;
/** "CRNW" as a little-endian integer. */
const magic = 0x574e5243;

export interface HandshakeMessage {
  readonly type: number;
  readonly body: Uint8Array;
}

export function encodeHandshakeMessage(type: HandshakeType, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(handshakePrefixBytes + body.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint8(4, type);
  view.setUint16(6, body.byteLength, true);
  view.setUint32(8, bodyCheck(body, view.getUint32(4, true)), true);
  bytes.set(body, handshakePrefixBytes);
  return bytes;
}

/** Gathers one message after the other, without reading past any of them: what follows the last are frames. */
export class HandshakeReader {
  readonly #bytes = new Uint8Array(handshakePrefixBytes + handshakeBodyBytesMax);
  #count = 0;

  /**
   * Takes bytes of `viewChunk` from `offset`; returns where it stopped, and the message if that completed one.
   * Throws `PROTOCOL_ERROR`.
   */
  take(viewChunk: Uint8Array, offset: number): { readonly next: number; readonly message?: HandshakeMessage } {
    let next = this.#fill(viewChunk, offset, handshakePrefixBytes);
    if (this.#count < handshakePrefixBytes) return { next };
    const length = this.#bodyBytes();
    next = this.#fill(viewChunk, next, handshakePrefixBytes + length);
    if (this.#count < handshakePrefixBytes + length) return { next };
    this.#count = 0;
    const body = this.#bytes.slice(handshakePrefixBytes, handshakePrefixBytes + length);
    if (readU32(this.#bytes, 8) !== bodyCheck(body, readU32(this.#bytes, 4))) {
      throw new CairnError('PROTOCOL_ERROR', 'a handshake message does not match its checksum');
    }
    return { next, message: { type: this.#bytes[4] ?? 0, body } };
  }

  #fill(chunk: Uint8Array, offset: number, wanted: number): number {
    const count = Math.max(0, Math.min(wanted - this.#count, chunk.byteLength - offset));
    this.#bytes.set(chunk.subarray(offset, offset + count), this.#count);
    this.#count += count;
    return offset + count;
  }

  #bodyBytes(): number {
    if (readU32(this.#bytes, 0) !== magic || this.#bytes[5] !== 0) {
      throw new CairnError('PROTOCOL_ERROR', 'the peer does not speak this protocol');
    }
    const length = readU32(this.#bytes, 4) >>> 16;
    if (length > handshakeBodyBytesMax) {
      throw new CairnError('PROTOCOL_ERROR', `a handshake message of ${length} bytes is above the limit`);
    }
    return length;
  }
}

function bodyCheck(body: Uint8Array, seed: number): number {
  return Number(xxh64(body, BigInt(seed)) & 0xffffffffn);
}
