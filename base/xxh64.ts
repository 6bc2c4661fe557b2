/**
 * xxHash64, the checksum of everything stored and sent (https://github.com/Cyan4973/xxHash, "XXH64").
 * The WebAssembly module is instantiated while this module loads, so it is ready before any daemon starts and before
 * virtual time does.
 */
import xxhash from 'xxhash-wasm';

const hasher = await xxhash();
const noSeed = 0n;

/** xxh64 of `bytes` as an unsigned 64-bit integer. 12-16 GiB/s from 4 KiB up (docs/NODE-LIMITS.md §2). */
export function xxh64(bytes: Uint8Array, seed: bigint = noSeed): bigint {
  return hasher.h64Raw(bytes, seed);
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
