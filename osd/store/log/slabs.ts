/** Memory for batches, used again: fresh pages for each batch would cost as much as copying into them. */
import { invariant } from '../../../base/invariant.js';

export const slabBytes = 256 * 1024;
/** Kept while nobody uses them: two of the largest batches made of small payloads. */
const idleMax = 64;

/** With its view, which costs more to make than what is written through it. */
export interface Slab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export class SlabPool {
  readonly #idle: Slab[] = [];

  /** At least `bytes` long. */
  take(bytes: number): Slab {
    if (bytes > slabBytes) return newSlab(bytes);
    return this.#idle.pop() ?? newSlab(slabBytes);
  }

  /** Nobody reads or writes it any more. */
  give(slab: Slab): void {
    invariant(!this.#idle.includes(slab), 'a slab is given back once');
    if (slab.bytes.byteLength === slabBytes && this.#idle.length < idleMax) this.#idle.push(slab);
  }
}

function newSlab(bytes: number): Slab {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(bytes);
  return { bytes: new Uint8Array(buffer, byteOffset, bytes), view: new DataView(buffer, byteOffset, bytes) };
}
