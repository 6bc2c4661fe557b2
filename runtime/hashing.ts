/**
 * Digests of what streams by: of a body, several at once. The seam exists because MD5 alone takes 80 us for 64 KiB: in production the
 * digests of long streams are calculated in other threads, in simulation in this one.
 */
import type { HashAlgorithm } from './hasher.js';

export interface Hashing {
  /**
   * `expectedBytes`: how long the stream will be, `undefined` when nobody knows. Only where to calculate depends on it. The stream has
   * to be finished or abandoned.
   */
  start(algorithms: readonly HashAlgorithm[], expectedBytes: number | undefined): HashStream;
}

/** By algorithm, each of its own length, big-endian. */
export type Digests = ReadonlyMap<HashAlgorithm, Uint8Array>;

/** One call at a time: the next only when the promise of the one before has settled. */
export interface HashStream {
  /**
   * Borrows `bytes` until the promise settles: then they are hashed, or copied. Waits while too much waits to be hashed. Errors:
   * `CLOSED` once finished or abandoned; `INTERNAL` when the thread died.
   */
  update(bytes: Uint8Array): Promise<void>;
  /** Of all bytes; ends the stream. Errors as above. */
  finish(): Promise<Digests>;
  /** Ends the stream without digests. Idempotent, and allowed at any time. */
  abandon(): void;
}
