/** Builds a binary document: little-endian numbers, byte strings behind their length. */
import { viewBuffer } from '../../../base/bytes.js';
import { invariant } from '../../../base/invariant.js';

/** Above this, `high * 2^32 + low` is not exact any more. */
const highMax = 2 ** 21;

export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  /** `sizeHint`: bytes expected; more makes it grow. */
  constructor(sizeHint = 128) {
    this.#buffer = Buffer.allocUnsafe(sizeHint);
  }

  uint8(value: number): this {
    const at = this.#grow(1);
    this.#buffer.writeUInt8(value, at);
    return this;
  }

  uint32(value: number): this {
    const at = this.#grow(4);
    this.#buffer.writeUInt32LE(value, at);
    return this;
  }

  /** A safe integer from 0, as 64 bits. */
  uint53(value: number): this {
    invariant(Number.isSafeInteger(value) && value >= 0, 'a stored number is a safe integer from 0', { value });
    const at = this.#grow(8);
    this.#buffer.writeUInt32LE(value >>> 0, at);
    this.#buffer.writeUInt32LE(Math.floor(value / 2 ** 32) % highMax, at + 4);
    return this;
  }

  uint64(value: bigint): this {
    const at = this.#grow(8);
    this.#buffer.writeBigUInt64LE(value, at);
    return this;
  }

  /** As they are, without a length. */
  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.byteLength);
    this.#buffer.set(bytes, at);
    return this;
  }

  /** Behind a 32-bit length. */
  bytes(bytes: Uint8Array): this {
    return this.uint32(bytes.byteLength).raw(bytes);
  }

  /** The document: a view of what was written, the caller's to keep. The writer is used up. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#buffer.byteLength) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.byteLength * 2));
      larger.set(viewBuffer(this.#buffer).subarray(0, at), 0);
      this.#buffer = larger;
    }
    return at;
  }
}
