/**
 * Memory of large buffers that is used again. V8 counts buffers against the heap until it collects, whatever dies at once: each
 * 64 MiB of fresh ones cost a major collection, and their pages a fault each.
 */
export interface Memory {
  /** An array of just so many bytes, whatever they are: the caller's until `give`. */
  take(bytes: number): Uint8Array;
  /**
   * Nobody reads or writes an array that `take` returned any more: called once for each, or never, as what nobody gives back is
   * collected like any other. In simulation it is overwritten.
   */
  give(taken: Uint8Array): void;
  /**
   * An array of so many zeros that begins at a page of the system: a large durable write of it goes to the disk as it is. Dear to
   * make, so to be kept.
   */
  pages(bytes: number): Uint8Array;
}
