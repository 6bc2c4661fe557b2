/** Memory for batches, used again: fresh pages for each batch would cost as much as copying into them. */
import { invariant } from '../../../base/invariant.js';
import type { Memory } from '../../../runtime/memory.js';
import { batchBytesMax, pageBytes } from '../limits.js';

/** What most batches fit. */
export const slabBytes = 256 * 1024;
/** Any batch but that of one larger transaction, with its padding. It begins at a page: such writes go past the page cache. */
const largeSlabBytes = batchBytesMax + pageBytes;
/** Kept while nobody uses them. Of large ones as many as batches may wait for the disk. */
const idleMax = 8;

/** With its view, which costs more to make than what is written through it. */
export interface Slab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export class SlabPool {
  readonly #memory: Pick<Memory, 'pages'>;
  readonly #idle: Slab[] = [];
  readonly #idleLarge: Slab[] = [];

  constructor(memory: Pick<Memory, 'pages'>) {
    this.#memory = memory;
  }

  /** At least `bytes` long. */
  take(bytes: number): Slab {
    if (bytes <= slabBytes) return this.#idle.pop() ?? slabOf(Buffer.allocUnsafeSlow(slabBytes));
    if (bytes <= largeSlabBytes) return this.#idleLarge.pop() ?? slabOf(this.#memory.pages(largeSlabBytes));
    return slabOf(this.#memory.pages(bytes));
  }

  /** Nobody reads or writes it any more. */
  give(slab: Slab): void {
    const { byteLength } = slab.bytes;
    const idle = byteLength === slabBytes ? this.#idle : this.#idleLarge;
    invariant(!idle.includes(slab), 'a slab is given back once');
    if (byteLength <= largeSlabBytes && idle.length < idleMax) idle.push(slab);
  }
}

function slabOf({ buffer, byteOffset, byteLength }: Uint8Array): Slab {
  return { bytes: new Uint8Array(buffer, byteOffset, byteLength), view: new DataView(buffer, byteOffset, byteLength) };
}
