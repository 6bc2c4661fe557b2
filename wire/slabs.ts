/** Memory that frames are laid out in until the kernel has taken them. */

export const slabBytes = 64 * 1024;

export class Slab {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Bytes handed out. */
  used = 0;
  /** Frames in it that are not released yet. */
  live = 0;

  constructor(bytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(bytes);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, bytes);
  }
}

/** Free slabs, shared by the connections of one listener or dialer, so that idle connections hold none. */
export class SlabPool {
  readonly #free: Slab[] = [];
  readonly #freeMax: number;

  /**
   * `freeMax` slabs of 64 KiB are kept. Default 64 (4 MiB). A batch that outgrows the pool pays 10 us per fresh slab,
   * which doubled the cost of calls with 4 KiB when only four were kept.
   */
  constructor(freeMax = 64) {
    this.#freeMax = freeMax;
  }

  /** With room for `bytes`; one larger than usual is made for them alone. */
  take(bytes: number): Slab {
    if (bytes > slabBytes) return new Slab(bytes);
    return this.#free.pop() ?? new Slab(slabBytes);
  }

  /** Nobody reads the slab any more. */
  give(slab: Slab): void {
    if (slab.bytes.byteLength !== slabBytes || this.#free.length >= this.#freeMax) return;
    slab.used = 0;
    this.#free.push(slab);
  }
}
