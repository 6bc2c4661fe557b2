/** Memory for batches, used again: fresh pages for each batch would cost as much as copying into them. */
import { invariant } from '../../../base/invariant.js';

export const slabBytes = 256 * 1024;
/** Kept while nobody uses them: two of the largest batches made of small payloads. */
const idleMax = 64;

export class SlabPool {
  readonly #idle: Uint8Array[] = [];

  /** At least `bytes` long. */
  take(bytes: number): Uint8Array {
    if (bytes > slabBytes) return Buffer.allocUnsafeSlow(bytes);
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(slabBytes);
  }

  /** Nobody reads or writes it any more. */
  give(slab: Uint8Array): void {
    invariant(!this.#idle.includes(slab), 'a slab is given back once');
    if (slab.byteLength === slabBytes && this.#idle.length < idleMax) this.#idle.push(slab);
  }
}
