/**
 * Builds a binary document in one growing buffer. Numbers of fixed width are little-endian; a `varint` is LEB128: seven
 * bits a byte, the lowest first, so that small numbers take one byte and a safe integer at most eight.
 */
import { utf8Bytes } from './bytes.js';
import { invariant } from './invariant.js';

const loopBytesMax = 32;
/** Of V8 (`typed_array_max_size_in_heap`). */
const onHeapBytesMax = 64;

export class ByteWriter {
  #buffer: Uint8Array;
  #view: DataView;
  #capacity: number;
  #length = 0;

  /** `sizeHint` in bytes saves copies while the buffer grows. */
  constructor(sizeHint = 256) {
    this.#capacity = Math.max(16, sizeHint);
    this.#buffer = new Uint8Array(this.#capacity);
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    invariant(Number.isInteger(value) && value >= 0 && value <= 0xff, 'a u8 is 0 to 255', { value });
    // Reserved first, here and below: it may replace the view.
    const at = this.#reserve(1);
    this.#buffer[at] = value;
  }

  u32(value: number): void {
    invariant(Number.isInteger(value) && value >= 0 && value <= 0xffffffff, 'a u32 is 0 to 2^32-1', { value });
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value, true);
  }

  /** Exact for every number, fractions too. */
  f64(value: number): void {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value, true);
  }

  /** 0 to 2^53-1. */
  varint(value: number): void {
    invariant(Number.isSafeInteger(value) && value >= 0, 'a varint is a safe integer from 0', { value });
    let at = this.#reserve(8);
    const buffer = this.#buffer;
    if (value <= 0x7f) {
      buffer[at] = value;
      this.#length = at + 1;
      return;
    }
    let rest = value;
    // Above 31 bits by division: the operators on bits would cut them off.
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) buffer[at++] = (rest % 128) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80;
    buffer[at++] = rest;
    this.#length = at;
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  /** Without a length. */
  raw(bytes: Uint8Array): void {
    const count = bytes.byteLength;
    const at = this.#reserve(count);
    const buffer = this.#buffer;
    // A call of `set` costs as much as to copy so many bytes one by one.
    if (count > loopBytesMax) buffer.set(bytes, at);
    else for (let i = 0; i < count; i++) buffer[at + i] = bytes[i] ?? 0;
  }

  /** A varint of the length, then the bytes. */
  blob(bytes: Uint8Array): void {
    this.varint(bytes.byteLength);
    this.raw(bytes);
  }

  /** As `blob`, in UTF-8. */
  text(value: string): void {
    // Mostly ASCII, and then the same bytes: an encoder's own array for each costs more than all the rest.
    if (isAscii(value)) this.latin1(value);
    else this.blob(utf8Bytes(value));
  }

  /** As `blob`, of a text that holds one byte a character. */
  latin1(value: string): void {
    this.varint(value.length);
    const at = this.#reserve(value.length);
    const buffer = this.#buffer;
    for (let i = 0; i < value.length; i++) buffer[at + i] = value.charCodeAt(i);
  }

  /** A u32 whose value is known later; `fillU32` sets it. Returns where it stands. */
  holdU32(): number {
    const at = this.#reserve(4);
    this.#view.setUint32(at, 0, true);
    return at;
  }

  fillU32(at: number, value: number): void {
    invariant(at >= 0 && at + 4 <= this.#length, 'the place was held before', { at });
    invariant(Number.isInteger(value) && value >= 0 && value <= 0xffffffff, 'a u32 is 0 to 2^32-1', { value });
    this.#view.setUint32(at, value, true);
  }

  /** What was written, as a view that is valid until the next call of any method. */
  viewWritten(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** A copy of exactly what was written. */
  bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  /** A copy in memory that is shared with other small buffers: cheaper to make, but it keeps them all alive. */
  pooledBytes(): Uint8Array {
    // V8 keeps such small arrays among its objects: no cheaper memory is to be had.
    if (this.#length <= onHeapBytesMax) return this.bytes();
    const copy = Buffer.allocUnsafe(this.#length);
    copy.set(this.#buffer.subarray(0, this.#length), 0);
    return copy;
  }

  /** Starts again at length 0, and keeps the buffer. */
  clear(): void {
    this.#length = 0;
  }

  #reserve(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#capacity) this.#grow(needed);
    this.#length = needed;
    return at;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, 2 * this.#capacity));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
    this.#capacity = larger.byteLength;
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
