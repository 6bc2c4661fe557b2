import { invariant } from '../../base/invariant.js';
import type { Memory } from '../memory.js';
import { takePages } from './pages.js';

/** Smaller ones cost little enough. */
const pooledBytesMin = 32 * 1024;
/** Larger than any payload. */
const pooledBytesMax = 32 * 1024 * 1024;
/** Kept while nobody uses them: what a client has in flight at most. */
const idleBytesMax = 64 * 1024 * 1024;
/** Node cuts buffers up to here from slabs of 8 KiB: 60 ns instead of 700. */
const slabbedBytesMax = 1024;

/** By size class, four to a power of two; last in, first out, as that is likely to be in a cache. */
export class NodeMemory implements Memory {
  readonly #idle = new Map<number, ArrayBuffer[]>();
  readonly #taken = new WeakSet<ArrayBuffer>();
  #idleBytes = 0;

  take(bytes: number): Uint8Array {
    if (bytes <= slabbedBytesMax) return Buffer.allocUnsafe(bytes);
    if (bytes < pooledBytesMin || bytes > pooledBytesMax) return Buffer.allocUnsafeSlow(bytes);
    const step = 2 ** (Math.floor(Math.log2(bytes)) - 2);
    const size = Math.ceil(bytes / step) * step;
    let memory = this.#idle.get(size)?.pop();
    if (memory === undefined) memory = ownMemory(size);
    else this.#idleBytes -= size;
    this.#taken.add(memory);
    return Buffer.from(memory, 0, bytes);
  }

  give({ buffer, byteLength }: Uint8Array): void {
    if (byteLength < pooledBytesMin || byteLength > pooledBytesMax) return;
    invariant(
      buffer instanceof ArrayBuffer && this.#taken.delete(buffer),
      'what is given was taken, and is given once',
    );
    const size = buffer.byteLength;
    if (this.#idleBytes + size > idleBytesMax) return;
    this.#idleBytes += size;
    const idle = this.#idle.get(size);
    if (idle === undefined) this.#idle.set(size, [buffer]);
    else idle.push(buffer);
  }

  pages(bytes: number): Uint8Array {
    return takePages(bytes);
  }
}

/** Not zeroed. */
function ownMemory(bytes: number): ArrayBuffer {
  const { buffer } = Buffer.allocUnsafeSlow(bytes);
  invariant(buffer instanceof ArrayBuffer && buffer.byteLength === bytes, 'a buffer of its own');
  return buffer;
}
