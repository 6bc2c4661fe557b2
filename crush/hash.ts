/**
 * rjenkins1, the only hash of CRUSH: Robert Jenkins' mix of three 32-bit words
 * (http://burtleburtle.net/bob/hash/evahash.html), folded over two, three or four arguments in Ceph's order.
 *
 * Every argument is an unsigned or a signed 32-bit integer, as the bits are the same; the result is unsigned.
 * In `(a - b - c) ^ ...` the difference of three 32-bit integers is exact in a double and `^` reduces it modulo 2^32, so
 * no `| 0` is needed, and V8 compiles the line to plain 32-bit instructions. JavaScript has no macros and returns one
 * value only, hence the mix is written out. `item-hashes.ts` repeats
 * `hash32of3` for two items at a time.
 */

/** An arbitrary constant of the hash, as are the words that fill up an incomplete mix. */
export const hashSeed = 1315423911;
export const hashFillX = 231232;
export const hashFillY = 1232;

/** Of an input and a device (is the device out for it?), or of a placement seed and a pool. */
export function hash32of2(a: number, b: number): number {
  let x = hashFillX;
  let y = hashFillY;
  let hash = hashSeed ^ a ^ b;
  a |= 0;
  b |= 0;

  a = (a - b - hash) ^ (hash >>> 13);
  b = (b - hash - a) ^ (a << 8);
  hash = (hash - a - b) ^ (b >>> 13);
  a = (a - b - hash) ^ (hash >>> 12);
  b = (b - hash - a) ^ (a << 16);
  hash = (hash - a - b) ^ (b >>> 5);
  a = (a - b - hash) ^ (hash >>> 3);
  b = (b - hash - a) ^ (a << 10);
  hash = (hash - a - b) ^ (b >>> 15);

  x = (x - a - hash) ^ (hash >>> 13);
  a = (a - hash - x) ^ (x << 8);
  hash = (hash - x - a) ^ (a >>> 13);
  x = (x - a - hash) ^ (hash >>> 12);
  a = (a - hash - x) ^ (x << 16);
  hash = (hash - x - a) ^ (a >>> 5);
  x = (x - a - hash) ^ (hash >>> 3);
  a = (a - hash - x) ^ (x << 10);
  hash = (hash - x - a) ^ (a >>> 15);

  b = (b - y - hash) ^ (hash >>> 13);
  y = (y - hash - b) ^ (b << 8);
  hash = (hash - b - y) ^ (y >>> 13);
  b = (b - y - hash) ^ (hash >>> 12);
  y = (y - hash - b) ^ (b << 16);
  hash = (hash - b - y) ^ (y >>> 5);
  b = (b - y - hash) ^ (hash >>> 3);
  y = (y - hash - b) ^ (b << 10);
  hash = (hash - b - y) ^ (y >>> 15);
  return hash >>> 0;
}

/** Of an input, an item and a replica: straw, straw2; and of an input, a bucket and a place: permutations. */
export function hash32of3(a: number, b: number, c: number): number {
  let x = hashFillX;
  let y = hashFillY;
  let hash = hashSeed ^ a ^ b ^ c;
  a |= 0;
  b |= 0;
  c |= 0;

  a = (a - b - hash) ^ (hash >>> 13);
  b = (b - hash - a) ^ (a << 8);
  hash = (hash - a - b) ^ (b >>> 13);
  a = (a - b - hash) ^ (hash >>> 12);
  b = (b - hash - a) ^ (a << 16);
  hash = (hash - a - b) ^ (b >>> 5);
  a = (a - b - hash) ^ (hash >>> 3);
  b = (b - hash - a) ^ (a << 10);
  hash = (hash - a - b) ^ (b >>> 15);

  c = (c - x - hash) ^ (hash >>> 13);
  x = (x - hash - c) ^ (c << 8);
  hash = (hash - c - x) ^ (x >>> 13);
  c = (c - x - hash) ^ (hash >>> 12);
  x = (x - hash - c) ^ (c << 16);
  hash = (hash - c - x) ^ (x >>> 5);
  c = (c - x - hash) ^ (hash >>> 3);
  x = (x - hash - c) ^ (c << 10);
  hash = (hash - c - x) ^ (x >>> 15);

  y = (y - a - hash) ^ (hash >>> 13);
  a = (a - hash - y) ^ (y << 8);
  hash = (hash - y - a) ^ (a >>> 13);
  y = (y - a - hash) ^ (hash >>> 12);
  a = (a - hash - y) ^ (y << 16);
  hash = (hash - y - a) ^ (a >>> 5);
  y = (y - a - hash) ^ (hash >>> 3);
  a = (a - hash - y) ^ (y << 10);
  hash = (hash - y - a) ^ (a >>> 15);

  b = (b - x - hash) ^ (hash >>> 13);
  x = (x - hash - b) ^ (b << 8);
  hash = (hash - b - x) ^ (x >>> 13);
  b = (b - x - hash) ^ (hash >>> 12);
  x = (x - hash - b) ^ (b << 16);
  hash = (hash - b - x) ^ (x >>> 5);
  b = (b - x - hash) ^ (hash >>> 3);
  x = (x - hash - b) ^ (b << 10);
  hash = (hash - b - x) ^ (x >>> 15);

  y = (y - c - hash) ^ (hash >>> 13);
  c = (c - hash - y) ^ (y << 8);
  hash = (hash - y - c) ^ (c >>> 13);
  y = (y - c - hash) ^ (hash >>> 12);
  c = (c - hash - y) ^ (y << 16);
  hash = (hash - y - c) ^ (c >>> 5);
  y = (y - c - hash) ^ (hash >>> 3);
  c = (c - hash - y) ^ (y << 10);
  hash = (hash - y - c) ^ (c >>> 15);
  return hash >>> 0;
}

/** Of an input, an item or tree node, a replica and a bucket: list, tree. */
export function hash32of4(a: number, b: number, c: number, d: number): number {
  let x = hashFillX;
  let y = hashFillY;
  let hash = hashSeed ^ a ^ b ^ c ^ d;
  a |= 0;
  b |= 0;
  c |= 0;
  d |= 0;

  a = (a - b - hash) ^ (hash >>> 13);
  b = (b - hash - a) ^ (a << 8);
  hash = (hash - a - b) ^ (b >>> 13);
  a = (a - b - hash) ^ (hash >>> 12);
  b = (b - hash - a) ^ (a << 16);
  hash = (hash - a - b) ^ (b >>> 5);
  a = (a - b - hash) ^ (hash >>> 3);
  b = (b - hash - a) ^ (a << 10);
  hash = (hash - a - b) ^ (b >>> 15);

  c = (c - d - hash) ^ (hash >>> 13);
  d = (d - hash - c) ^ (c << 8);
  hash = (hash - c - d) ^ (d >>> 13);
  c = (c - d - hash) ^ (hash >>> 12);
  d = (d - hash - c) ^ (c << 16);
  hash = (hash - c - d) ^ (d >>> 5);
  c = (c - d - hash) ^ (hash >>> 3);
  d = (d - hash - c) ^ (c << 10);
  hash = (hash - c - d) ^ (d >>> 15);

  a = (a - x - hash) ^ (hash >>> 13);
  x = (x - hash - a) ^ (a << 8);
  hash = (hash - a - x) ^ (x >>> 13);
  a = (a - x - hash) ^ (hash >>> 12);
  x = (x - hash - a) ^ (a << 16);
  hash = (hash - a - x) ^ (x >>> 5);
  a = (a - x - hash) ^ (hash >>> 3);
  x = (x - hash - a) ^ (a << 10);
  hash = (hash - a - x) ^ (x >>> 15);

  y = (y - b - hash) ^ (hash >>> 13);
  b = (b - hash - y) ^ (y << 8);
  hash = (hash - y - b) ^ (b >>> 13);
  y = (y - b - hash) ^ (hash >>> 12);
  b = (b - hash - y) ^ (y << 16);
  hash = (hash - y - b) ^ (b >>> 5);
  y = (y - b - hash) ^ (hash >>> 3);
  b = (b - hash - y) ^ (y << 10);
  hash = (hash - y - b) ^ (b >>> 15);

  c = (c - x - hash) ^ (hash >>> 13);
  x = (x - hash - c) ^ (c << 8);
  hash = (hash - c - x) ^ (x >>> 13);
  c = (c - x - hash) ^ (hash >>> 12);
  x = (x - hash - c) ^ (c << 16);
  hash = (hash - c - x) ^ (x >>> 5);
  c = (c - x - hash) ^ (hash >>> 3);
  x = (x - hash - c) ^ (c << 10);
  hash = (hash - c - x) ^ (x >>> 15);

  y = (y - d - hash) ^ (hash >>> 13);
  d = (d - hash - y) ^ (y << 8);
  hash = (hash - y - d) ^ (d >>> 13);
  y = (y - d - hash) ^ (hash >>> 12);
  d = (d - hash - y) ^ (y << 16);
  hash = (hash - y - d) ^ (d >>> 5);
  y = (y - d - hash) ^ (hash >>> 3);
  d = (d - hash - y) ^ (y << 10);
  hash = (hash - y - d) ^ (d >>> 15);
  return hash >>> 0;
}
