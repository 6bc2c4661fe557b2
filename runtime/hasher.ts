/**
 * Every digest that something outside of Cairn names (S3's checksums and ETags), calculated piece by piece in this thread. For Cairn's
 * own checksums there is `base/xxh64.ts`. XXH3 is WebAssembly, instantiated while this module loads, so that it is ready before virtual
 * time starts.
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';
import type * as hashWasm from 'hash-wasm';
import { crc32c } from '../base/crc32c.js';
import { Crc64Nvme } from '../base/crc64nvme.js';
import { unreachable } from '../base/invariant.js';
import { Xxh64Stream } from '../base/xxh64.js';

/** With the length of the digest in bytes. */
export const hashAlgorithms = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  md5: 16,
  sha1: 20,
  sha256: 32,
  sha512: 64,
  xxh64: 8,
  xxh3: 8,
  xxh128: 16,
} as const satisfies Record<string, number>;

export type HashAlgorithm = keyof typeof hashAlgorithms;

export interface Hasher {
  /** Reads `bytes` before it returns. */
  update(bytes: Uint8Array): void;
  /** Big-endian where it is a number. Once, at the end. */
  digest(): Uint8Array;
}

export function createHasher(algorithm: HashAlgorithm): Hasher {
  switch (algorithm) {
    case 'md5':
    case 'sha1':
    case 'sha256':
    case 'sha512':
      return createHash(algorithm);
    case 'crc32':
      return new Crc32Hasher(crc32);
    case 'crc32c':
      return new Crc32Hasher(crc32c);
    case 'crc64nvme':
      return new Crc64Nvme();
    case 'xxh3':
      return new WasmHasher(xxh3);
    case 'xxh128':
      return new WasmHasher(xxh128);
    case 'xxh64':
      return new Xxh64Hasher();
    default:
      return unreachable(algorithm);
  }
}

/** Of bytes that are there as a whole. */
export function digestOf(algorithm: HashAlgorithm, bytes: Uint8Array): Uint8Array {
  const hasher = createHasher(algorithm);
  hasher.update(bytes);
  return hasher.digest();
}

// The package as a whole has 40 algorithms, and takes 60 ms of CPU to load.
const requireFrom = createRequire(import.meta.url);
const { createXXHash3 } = requireFrom('hash-wasm/dist/xxhash3.umd.min.js') as typeof hashWasm;
const { createXXHash128 } = requireFrom('hash-wasm/dist/xxhash128.umd.min.js') as typeof hashWasm;
const [xxh3, xxh128] = await Promise.all([createXXHash3(), createXXHash128()]);

type WasmInstance = typeof xxh3;

/**
 * All hashers of one algorithm share an instance, whose making would be asynchronous: each puts its state in (less than 1 KiB) before it
 * is used and takes it out after that.
 */
class WasmHasher implements Hasher {
  readonly #instance: WasmInstance;
  #state: Uint8Array | undefined;

  constructor(instance: WasmInstance) {
    this.#instance = instance;
  }

  update(bytes: Uint8Array): void {
    this.#resume();
    this.#instance.update(bytes);
    this.#state = this.#instance.save();
  }

  digest(): Uint8Array {
    this.#resume();
    return this.#instance.digest('binary');
  }

  #resume(): void {
    if (this.#state === undefined) this.#instance.init();
    else this.#instance.load(this.#state);
  }
}

class Crc32Hasher implements Hasher {
  readonly #function: (bytes: Uint8Array, crc: number) => number;
  #crc = 0;

  constructor(of: (bytes: Uint8Array, crc: number) => number) {
    this.#function = of;
  }

  update(bytes: Uint8Array): void {
    this.#crc = this.#function(bytes, this.#crc);
  }

  digest(): Uint8Array {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, this.#crc);
    return bytes;
  }
}

class Xxh64Hasher implements Hasher {
  readonly #stream = new Xxh64Stream();

  update(bytes: Uint8Array): void {
    this.#stream.update(bytes);
  }

  digest(): Uint8Array {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, this.#stream.digest());
    return bytes;
  }
}
