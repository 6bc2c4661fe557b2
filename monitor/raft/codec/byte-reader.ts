/** Reads what `ByteWriter` wrote, from a disk or a peer: nothing is believed. */
import { copyBytes, viewBuffer } from '../../../base/bytes.js';
import { CairnError, type ErrorCode } from '../../../base/errors.js';

export class ByteReader {
  readonly #buffer: Buffer;
  readonly #code: ErrorCode;
  readonly #what: string;
  #at = 0;

  /** Errors have this code and name the document `what`. */
  constructor(bytes: Uint8Array, code: ErrorCode, what: string) {
    this.#buffer = viewBuffer(bytes);
    this.#code = code;
    this.#what = what;
  }

  get left(): number {
    return this.#buffer.byteLength - this.#at;
  }

  uint8(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  uint32(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  uint53(): number {
    const at = this.#take(8);
    const value = this.#buffer.readUInt32LE(at) + this.#buffer.readUInt32LE(at + 4) * 2 ** 32;
    this.check(Number.isSafeInteger(value), 'a number is beyond 2^53');
    return value;
  }

  uint64(): bigint {
    return this.#buffer.readBigUInt64LE(this.#take(8));
  }

  flag(): boolean {
    const value = this.uint8();
    this.check(value <= 1, 'a flag is neither 0 nor 1');
    return value === 1;
  }

  /** So many bytes, copied: they outlive the document. */
  raw(count: number): Uint8Array {
    const at = this.#take(count);
    return copyBytes(this.#buffer.subarray(at, at + count));
  }

  bytes(bytesMax: number): Uint8Array {
    const count = this.uint32();
    this.check(count <= bytesMax, `a part has ${count} bytes, more than ${bytesMax}`);
    return this.raw(count);
  }

  /** A document with anything behind its end is another document. */
  end(): void {
    this.check(this.left === 0, `${this.left} bytes follow its end`);
  }

  check(fact: boolean, problem: string): asserts fact {
    if (!fact) throw this.error(problem);
  }

  error(problem: string): CairnError {
    return new CairnError(this.#code, `${this.#what} is malformed at byte ${this.#at}: ${problem}`);
  }

  #take(bytes: number): number {
    this.check(bytes <= this.left, `it ends ${bytes - this.left} bytes early`);
    const at = this.#at;
    this.#at += bytes;
    return at;
  }
}
