/**
 * xxHash64, the checksum of everything stored and sent (https://github.com/Cyan4973/xxHash, "XXH64").
 * The WebAssembly module is instantiated while this module loads, so it is ready before any daemon starts and before
 * virtual time does.
 */
import xxhash from 'xxhash-wasm';
import { latin1Bytes, utf8Bytes } from './bytes.js';

const hasher = await xxhash();
const noSeed = 0n;

/** xxh64 of `bytes` as an unsigned 64-bit integer. 12-16 GiB/s from 4 KiB up (docs/NODE-LIMITS.md §2). */
export function xxh64(bytes: Uint8Array, seed: bigint = noSeed): bigint {
  return hasher.h64Raw(bytes, seed);
}

/** Of a text that holds one byte a character. */
export function xxh64OfLatin1(text: string, seed: bigint = noSeed): bigint {
  if (text.length > shortMax) return xxh64(latin1Bytes(text), seed);
  fillShort(text);
  return xxh64(viewShort(text.length), seed);
}

/** Of a text's UTF-8. */
export function xxh64OfText(text: string, seed: bigint = noSeed): bigint {
  if (text.length > shortMax || fillShort(text) > 0x7f) return xxh64(utf8Bytes(text), seed);
  return xxh64(viewShort(text.length), seed);
}

/**
 * Names and keys, nearly all of them, are hashed in one place, with a view for each length that came up: to make an array
 * for each costs more than its hash.
 */
const shortMax = 256;
const short = new Uint8Array(shortMax);
const shortViews: Uint8Array[] = Array.from({ length: shortMax + 1 }, (_, bytes) => short.subarray(0, bytes));

/** Returns the bits that any of the characters has. */
function fillShort(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    short[i] = code;
    bits |= code;
  }
  return bits;
}

function viewShort(bytes: number): Uint8Array {
  return shortViews[bytes] ?? short;
}

/** A checksum over several pieces, as if they were one. For a single piece `xxh64` is cheaper. */
export class Xxh64Stream {
  readonly #state;

  constructor(seed: bigint = noSeed) {
    this.#state = hasher.create64(seed);
  }

  update(bytes: Uint8Array): this {
    this.#state.update(bytes);
    return this;
  }

  digest(): bigint {
    return this.#state.digest();
  }
}
