/**
 * Reads what `ByteWriter` wrote, from bytes that nobody vouches for. Every read is checked against the bytes that are
 * left, and counts before anything is allocated: malformed input costs a `PARSE_ERROR`, with the offset in the message
 * and in `details.offset`, never a crash nor more memory than the input is worth.
 */
import { copyBytes, utf8Text } from './bytes.js';
import { CairnError } from './errors.js';

export class ByteReader {
  readonly #bytes: Uint8Array;
  /** Made when it is needed, which in most small values it is not: it costs more than to read them. */
  #view: DataView | undefined;
  readonly #end: number;
  #at: number;

  /** Reads `bytes` from offset `start` to before `end`; errors count from the start of `bytes`. Lent, not copied. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.byteLength) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = Math.min(end, bytes.byteLength);
  }

  /** From the start of the bytes that the first reader was given. */
  get offset(): number {
    return this.#at;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#end - this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  u8(what: string): number {
    // In bounds: checked by `#advance`, here and below.
    return this.#bytes[this.#advance(1, what)]!;
  }

  u32(what: string): number {
    const at = this.#advance(4, what);
    const bytes = this.#bytes;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  u64(what: string): bigint {
    return this.#words().getBigUint64(this.#advance(8, what), true);
  }

  /** Finite, or it is refused. */
  f64(what: string): number {
    const at = this.#advance(8, what);
    const value = this.#words().getFloat64(at, true);
    if (!Number.isFinite(value)) throw this.error(`expected ${what}, found no finite number`, at);
    return value;
  }

  /** `min` to `max`, both included. */
  varint(what: string, max: number = Number.MAX_SAFE_INTEGER, min = 0): number {
    const start = this.#at;
    let value = 0;
    let scale = 1;
    for (let byte = 0x80; byte >= 0x80; scale *= 128) {
      if (this.#at >= this.#end) throw this.error(`the bytes end within ${what}`, start);
      // In bounds: checked above.
      byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      // Also stops a chain of empty bytes: the eighth reaches 2^56.
      if (value > Number.MAX_SAFE_INTEGER || scale > 2 ** 49)
        throw this.error(`expected ${what}, found a huge number`, start);
    }
    if (value < min || value > max) {
      throw this.error(`expected ${what} from ${min} to ${max}, found ${value}`, start);
    }
    return value;
  }

  /** A number of things of at least `bytesEach` bytes, which must still fit into what is left. */
  count(what: string, bytesEach: number, max: number = Number.MAX_SAFE_INTEGER): number {
    const start = this.#at;
    const count = this.varint(`the number of ${what}`, max);
    if (count * bytesEach > this.left) {
      throw this.error(`${count} ${what} do not fit into the ${this.left} bytes left`, start);
    }
    return count;
  }

  bool(what: string): boolean {
    const at = this.#at;
    const value = this.u8(what);
    if (value > 1) throw this.error(`expected ${what}, 0 or 1, found ${value}`, at);
    return value === 1;
  }

  /** A view of `count` bytes: it lives as long as the bytes that were lent. */
  viewRaw(count: number, what: string): Uint8Array {
    const at = this.#advance(count, what);
    return this.#bytes.subarray(at, at + count);
  }

  /** A copy. */
  blob(what: string, bytesMax: number): Uint8Array {
    return copyBytes(this.viewRaw(this.varint(`the length of ${what}`, bytesMax), what));
  }

  text(what: string, bytesMax: number): string {
    const at = this.#at;
    const bytes = this.viewRaw(this.varint(`the length of ${what}`, bytesMax), what);
    try {
      return utf8Text(bytes);
    } catch (cause) {
      throw this.error(`expected ${what} in UTF-8`, at, cause);
    }
  }

  /** A reader of the next `count` bytes, which this one skips. */
  part(count: number, what: string): ByteReader {
    const at = this.#advance(count, what);
    return new ByteReader(this.#bytes, at, at + count);
  }

  error(message: string, offset: number = this.#at, cause?: unknown): CairnError {
    return new CairnError('PARSE_ERROR', `byte ${offset}: ${message}`, { details: { offset }, cause });
  }

  #words(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    this.#view ??= new DataView(buffer, byteOffset, byteLength);
    return this.#view;
  }

  #advance(count: number, what: string): number {
    const at = this.#at;
    if (at + count > this.#end) throw this.error(`the bytes end where ${what} should stand`);
    this.#at = at + count;
    return at;
  }
}
