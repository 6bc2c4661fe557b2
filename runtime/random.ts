/**
 * Random numbers. In production all of them come from the operating system's generator, so any may serve as a nonce,
 * key or id; in simulation all come from the seed.
 */
export interface Random {
  /** 0 to 2^32-1. */
  uint32(): number;
  /** 0 <= x < 1, with 53 bits. */
  float(): number;
  /** An integer 0 <= x < `bound`, unbiased; `bound` is 1 to 2^32. */
  below(bound: number): number;
  /** `count` fresh bytes (0 to 65536). */
  bytes(count: number): Uint8Array;
  /** A version 4 UUID in lower case (RFC 9562). */
  uuid(): string;
}
