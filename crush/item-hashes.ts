/**
 * The hashes of all items of a bucket for one input and replica: nine tenths of the time of a mapping.
 *
 * Each step of rjenkins1 needs the result of the step before, so one hash alone leaves most of a processor idle. Two
 * at a time, step by step in turn, take 21 ns per item where one after the other takes 27; three would not fit into 16
 * registers. Keeping the choice among the hashes out of this loop saves another 6 ns: there the processor guesses wrong
 * which items win, and would throw away the next hash each time.
 */
import { hashFillX, hashFillY, hashSeed } from './hash.js';

/**
 * `hashes[i]` becomes the lower 16 bits of `hash32of3(x, ids[start + i], r)`, for `count` items. `x` and `r` are signed
 * 32-bit integers.
 */
export function hashItems(
  hashes: Int32Array,
  ids: Int32Array,
  start: number,
  count: number,
  x: number,
  r: number,
): void {
  for (let first = 0; first < count; first += 2) {
    // Of an odd count, the last item is its own companion.
    const second = Math.min(first + 1, count - 1);
    let a0 = x;
    let a1 = x;
    let b0 = ids[start + first]!;
    let b1 = ids[start + second]!;
    let c0 = r;
    let c1 = r;
    let fillX0 = hashFillX;
    let fillX1 = hashFillX;
    let fillY0 = hashFillY;
    let fillY1 = hashFillY;
    let hash0 = hashSeed ^ a0 ^ b0 ^ c0;
    let hash1 = hashSeed ^ a1 ^ b1 ^ c1;

    a0 = (a0 - b0 - hash0) ^ (hash0 >>> 13);
    a1 = (a1 - b1 - hash1) ^ (hash1 >>> 13);
    b0 = (b0 - hash0 - a0) ^ (a0 << 8);
    b1 = (b1 - hash1 - a1) ^ (a1 << 8);
    hash0 = (hash0 - a0 - b0) ^ (b0 >>> 13);
    hash1 = (hash1 - a1 - b1) ^ (b1 >>> 13);
    a0 = (a0 - b0 - hash0) ^ (hash0 >>> 12);
    a1 = (a1 - b1 - hash1) ^ (hash1 >>> 12);
    b0 = (b0 - hash0 - a0) ^ (a0 << 16);
    b1 = (b1 - hash1 - a1) ^ (a1 << 16);
    hash0 = (hash0 - a0 - b0) ^ (b0 >>> 5);
    hash1 = (hash1 - a1 - b1) ^ (b1 >>> 5);
    a0 = (a0 - b0 - hash0) ^ (hash0 >>> 3);
    a1 = (a1 - b1 - hash1) ^ (hash1 >>> 3);
    b0 = (b0 - hash0 - a0) ^ (a0 << 10);
    b1 = (b1 - hash1 - a1) ^ (a1 << 10);
    hash0 = (hash0 - a0 - b0) ^ (b0 >>> 15);
    hash1 = (hash1 - a1 - b1) ^ (b1 >>> 15);

    c0 = (c0 - fillX0 - hash0) ^ (hash0 >>> 13);
    c1 = (c1 - fillX1 - hash1) ^ (hash1 >>> 13);
    fillX0 = (fillX0 - hash0 - c0) ^ (c0 << 8);
    fillX1 = (fillX1 - hash1 - c1) ^ (c1 << 8);
    hash0 = (hash0 - c0 - fillX0) ^ (fillX0 >>> 13);
    hash1 = (hash1 - c1 - fillX1) ^ (fillX1 >>> 13);
    c0 = (c0 - fillX0 - hash0) ^ (hash0 >>> 12);
    c1 = (c1 - fillX1 - hash1) ^ (hash1 >>> 12);
    fillX0 = (fillX0 - hash0 - c0) ^ (c0 << 16);
    fillX1 = (fillX1 - hash1 - c1) ^ (c1 << 16);
    hash0 = (hash0 - c0 - fillX0) ^ (fillX0 >>> 5);
    hash1 = (hash1 - c1 - fillX1) ^ (fillX1 >>> 5);
    c0 = (c0 - fillX0 - hash0) ^ (hash0 >>> 3);
    c1 = (c1 - fillX1 - hash1) ^ (hash1 >>> 3);
    fillX0 = (fillX0 - hash0 - c0) ^ (c0 << 10);
    fillX1 = (fillX1 - hash1 - c1) ^ (c1 << 10);
    hash0 = (hash0 - c0 - fillX0) ^ (fillX0 >>> 15);
    hash1 = (hash1 - c1 - fillX1) ^ (fillX1 >>> 15);

    fillY0 = (fillY0 - a0 - hash0) ^ (hash0 >>> 13);
    fillY1 = (fillY1 - a1 - hash1) ^ (hash1 >>> 13);
    a0 = (a0 - hash0 - fillY0) ^ (fillY0 << 8);
    a1 = (a1 - hash1 - fillY1) ^ (fillY1 << 8);
    hash0 = (hash0 - fillY0 - a0) ^ (a0 >>> 13);
    hash1 = (hash1 - fillY1 - a1) ^ (a1 >>> 13);
    fillY0 = (fillY0 - a0 - hash0) ^ (hash0 >>> 12);
    fillY1 = (fillY1 - a1 - hash1) ^ (hash1 >>> 12);
    a0 = (a0 - hash0 - fillY0) ^ (fillY0 << 16);
    a1 = (a1 - hash1 - fillY1) ^ (fillY1 << 16);
    hash0 = (hash0 - fillY0 - a0) ^ (a0 >>> 5);
    hash1 = (hash1 - fillY1 - a1) ^ (a1 >>> 5);
    fillY0 = (fillY0 - a0 - hash0) ^ (hash0 >>> 3);
    fillY1 = (fillY1 - a1 - hash1) ^ (hash1 >>> 3);
    a0 = (a0 - hash0 - fillY0) ^ (fillY0 << 10);
    a1 = (a1 - hash1 - fillY1) ^ (fillY1 << 10);
    hash0 = (hash0 - fillY0 - a0) ^ (a0 >>> 15);
    hash1 = (hash1 - fillY1 - a1) ^ (a1 >>> 15);

    b0 = (b0 - fillX0 - hash0) ^ (hash0 >>> 13);
    b1 = (b1 - fillX1 - hash1) ^ (hash1 >>> 13);
    fillX0 = (fillX0 - hash0 - b0) ^ (b0 << 8);
    fillX1 = (fillX1 - hash1 - b1) ^ (b1 << 8);
    hash0 = (hash0 - b0 - fillX0) ^ (fillX0 >>> 13);
    hash1 = (hash1 - b1 - fillX1) ^ (fillX1 >>> 13);
    b0 = (b0 - fillX0 - hash0) ^ (hash0 >>> 12);
    b1 = (b1 - fillX1 - hash1) ^ (hash1 >>> 12);
    fillX0 = (fillX0 - hash0 - b0) ^ (b0 << 16);
    fillX1 = (fillX1 - hash1 - b1) ^ (b1 << 16);
    hash0 = (hash0 - b0 - fillX0) ^ (fillX0 >>> 5);
    hash1 = (hash1 - b1 - fillX1) ^ (fillX1 >>> 5);
    b0 = (b0 - fillX0 - hash0) ^ (hash0 >>> 3);
    b1 = (b1 - fillX1 - hash1) ^ (hash1 >>> 3);
    fillX0 = (fillX0 - hash0 - b0) ^ (b0 << 10);
    fillX1 = (fillX1 - hash1 - b1) ^ (b1 << 10);
    hash0 = (hash0 - b0 - fillX0) ^ (fillX0 >>> 15);
    hash1 = (hash1 - b1 - fillX1) ^ (fillX1 >>> 15);

    fillY0 = (fillY0 - c0 - hash0) ^ (hash0 >>> 13);
    fillY1 = (fillY1 - c1 - hash1) ^ (hash1 >>> 13);
    c0 = (c0 - hash0 - fillY0) ^ (fillY0 << 8);
    c1 = (c1 - hash1 - fillY1) ^ (fillY1 << 8);
    hash0 = (hash0 - fillY0 - c0) ^ (c0 >>> 13);
    hash1 = (hash1 - fillY1 - c1) ^ (c1 >>> 13);
    fillY0 = (fillY0 - c0 - hash0) ^ (hash0 >>> 12);
    fillY1 = (fillY1 - c1 - hash1) ^ (hash1 >>> 12);
    c0 = (c0 - hash0 - fillY0) ^ (fillY0 << 16);
    c1 = (c1 - hash1 - fillY1) ^ (fillY1 << 16);
    hash0 = (hash0 - fillY0 - c0) ^ (c0 >>> 5);
    hash1 = (hash1 - fillY1 - c1) ^ (c1 >>> 5);
    fillY0 = (fillY0 - c0 - hash0) ^ (hash0 >>> 3);
    fillY1 = (fillY1 - c1 - hash1) ^ (hash1 >>> 3);
    c0 = (c0 - hash0 - fillY0) ^ (fillY0 << 10);
    c1 = (c1 - hash1 - fillY1) ^ (fillY1 << 10);
    hash0 = (hash0 - fillY0 - c0) ^ (c0 >>> 15);
    hash1 = (hash1 - fillY1 - c1) ^ (c1 >>> 15);

    hashes[first] = hash0 & 0xffff;
    hashes[second] = hash1 & 0xffff;
  }
}
