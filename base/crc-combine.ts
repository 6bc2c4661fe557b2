/**
 * The CRC of a concatenation, from the CRCs and the lengths of its pieces alone. A CRC is the remainder of a polynomial over GF(2):
 * to append `n` bytes multiplies what came before by x^(8n), so crc(ab) = crc(a) * x^(8 * |b|) + crc(b), for CRCs that begin with
 * ones and are inverted in the end (as in zlib's `crc32_combine`, Mark Adler). x^(8n) is a product of x^(2^k), squares of one
 * another that are calculated once: at most 53 multiplications for any length.
 */
import { invariant } from './invariant.js';

/** Two halves of 32 bits; a CRC of 32 bits has zeros in the first. Bits are reflected: the highest one is the factor of x^0. */
type Polynomial = readonly [high: number, low: number];

export class CrcCombiner {
  readonly #bytes: 4 | 8;
  readonly #divisor: Polynomial;
  /** x^(2^k) at `k`. */
  readonly #squares: Polynomial[];
  /** Of the last call: parts of an upload are all of one length, but the last. */
  #lastBytes = 0;
  #lastFactor: Polynomial;

  /** `polynomial` is reflected, without its highest term: 0xedb88320 for CRC-32. */
  constructor(polynomial: bigint, bits: 32 | 64) {
    this.#bytes = bits === 32 ? 4 : 8;
    this.#divisor = [Number(polynomial >> 32n), Number(polynomial & 0xffff_ffffn)];
    this.#lastFactor = this.#power(0);
    let square = this.#power(1);
    this.#squares = Array.from({ length: exponentBits }, () => {
      const current = square;
      square = this.#multiply(square, square);
      return current;
    });
  }

  /** CRCs are big-endian, as long as the polynomial; `secondBytes` is the length of what `second` is the CRC of. */
  combine(first: Uint8Array, second: Uint8Array, secondBytes: number): Uint8Array {
    invariant(first.byteLength === this.#bytes && second.byteLength === this.#bytes, 'a CRC has its length');
    invariant(Number.isSafeInteger(secondBytes) && secondBytes >= 0, 'a length is a whole number', { secondBytes });
    const combined = new Uint8Array(this.#bytes);
    const [high, low] = this.#multiply(this.#factor(secondBytes), this.#read(first));
    this.#write(combined, [high, low]);
    for (let i = 0; i < combined.byteLength; i += 1) combined[i] = (combined[i] ?? 0) ^ (second[i] ?? 0);
    return combined;
  }

  /** x^(8 * bytes). */
  #factor(bytes: number): Polynomial {
    if (bytes === this.#lastBytes) return this.#lastFactor;
    let factor = this.#power(0);
    for (let rest = bytes, k = 3; rest > 0; rest = Math.floor(rest / 2), k += 1) {
      const square = this.#squares[k];
      if (rest % 2 === 1 && square !== undefined) factor = this.#multiply(square, factor);
    }
    this.#lastBytes = bytes;
    this.#lastFactor = factor;
    return factor;
  }

  /** x^0 or x^1. */
  #power(exponent: 0 | 1): Polynomial {
    const bit = 2 ** (31 - exponent);
    return this.#bytes === 8 ? [bit, 0] : [0, bit];
  }

  #multiply(a: Polynomial, b: Polynomial): Polynomial {
    // `| 0`: what is not a 32-bit integer from the beginning is one of floating point all the way.
    const divisorHigh = this.#divisor[0] | 0;
    const divisorLow = this.#divisor[1] | 0;
    let high = b[0] | 0;
    let low = b[1] | 0;
    let productHigh = 0;
    let productLow = 0;
    for (let half = this.#bytes === 8 ? 0 : 1; half < 2; half += 1) {
      const word = (half === 0 ? a[0] : a[1]) | 0;
      for (let bit = 31; bit >= 0; bit -= 1) {
        // Masks instead of branches, which could not be predicted.
        const factor = -((word >>> bit) & 1);
        productHigh ^= high & factor;
        productLow ^= low & factor;
        const overflow = -(low & 1);
        low = ((low >>> 1) | (high << 31)) ^ (divisorLow & overflow);
        high = (high >>> 1) ^ (divisorHigh & overflow);
      }
    }
    return [productHigh >>> 0, productLow >>> 0];
  }

  #read(crc: Uint8Array): Polynomial {
    const view = new DataView(crc.buffer, crc.byteOffset, crc.byteLength);
    return this.#bytes === 8 ? [view.getUint32(0), view.getUint32(4)] : [0, view.getUint32(0)];
  }

  #write(crc: Uint8Array, [high, low]: Polynomial): void {
    const view = new DataView(crc.buffer, crc.byteOffset, crc.byteLength);
    if (this.#bytes === 8) view.setUint32(0, high);
    view.setUint32(this.#bytes - 4, low);
  }
}

/** Bits of 8 times the largest length: 2^53 bytes. */
const exponentBits = 56;
