/**
 * The logarithm by which straw2 turns a 16-bit hash into a draw: about 2^44 * log2(u + 1) - 2^48, in integers.
 *
 * Ceph works it out with 64-bit integers from two look-up tables (`src/crush/crush_ln_table.h`). There are only 65,536
 * inputs, so here all results are tabulated once, as doubles: their magnitudes reach 2^48 and doubles hold every
 * integer up to 2^53. The figures of Ceph's tables are computed from their formulas rather than listed:
 *
 *   u + 1 = x * 2^(exponent - 15)                    with x in [2^15, 2^16]
 *   x = (128 + k) * 2^8 * (1 + about j / 2^15)       with k in [0, 128] and j in [0, 255]
 *   log2(x) - 15 = log2(1 + k / 128) + log2(1 + j / 2^15)
 *
 * Three things in them deviate from mathematics, and every placement since 2015 depends on them: the last value for k is
 * short by 2^32; most values for j are 0.00002 too high; and 23 values for j are arbitrary. `test/crush/logarithm.test.ts`
 * pins the whole table, and loading checks it: a JavaScript engine whose `Math.log2` rounds otherwise must not move data.
 */
import { invariant } from '../base/invariant.js';

/** What a 16-bit hash can be. */
const inputCount = 0x10000;

/** What `tabulate` finds as the hash of the right table. */
const tableHash = 1654875365;

/** The values for j that follow no formula. */
const arbitraryFineLogarithms: readonly (readonly [j: number, value: number])[] = [
  [56, 0xa2b07f3458],
  [127, 0x16df6ca19bd],
  [134, 0x182b07f3458],
  [181, 0x209c06e6212],
  [184, 0x212b07f3458],
  [188, 0x21d6a73a78f],
  [193, 0x22c23679b4e],
  [198, 0x23a2c3b0ea4],
  [199, 0x23d13ee805b],
  [200, 0x24035e9221f],
  [207, 0x25492644d65],
  [210, 0x25d13ee805b],
  [212, 0x26296453882],
  [225, 0x287bdbf5255],
  [227, 0x28d13ee805b],
  [228, 0x29035e9221f],
  [229, 0x29296453882],
  [231, 0x29902a37aab],
  [235, 0x2a4c7605d61],
  [236, 0x2a7bdbf5255],
  [240, 0x2b296453882],
  [241, 0x2b5d022d80f],
  [247, 0x2c61a5e8f4c],
];

/** Entry `u` is 2^48 minus Ceph's logarithm of `u`: from 2^48 (u = 0) down to nearly 0. Positive, so that less is better. */
export const logarithmDeficits: Float64Array = tabulate();

/**
 * The deficits fall as `u` rises, with one exception: the last is as high as that of an input further down, because of the
 * short value for k = 128. This is the largest input of which neither it nor any below has a smaller deficit than the last.
 */
export const lastInputRanksWith = 65533;

function tabulate(): Float64Array {
  const fine = fineLogarithms();
  const deficits = new Float64Array(inputCount);
  let hash = 0;
  for (let u = 0; u < inputCount; u++) {
    const deficit = 2 ** 48 - logarithm(u, fine);
    deficits[u] = deficit;
    hash = (Math.imul(hash, 31) + (deficit % 2 ** 32) + Math.floor(deficit / 2 ** 32)) | 0;
  }
  invariant(hash === tableHash, 'this engine computes the logarithms that all placements rest on', { hash });
  return deficits;
}

function logarithm(u: number, fine: Float64Array): number {
  const exponent = Math.min(31 - Math.clz32(u + 1), 15);
  const x = (u + 1) << (15 - exponent);
  const k = (x >> 8) - 128;
  const j = Math.floor(productShifted48(x, reciprocal(k))) & 0xff;
  const fraction = fine[j];
  invariant(fraction !== undefined, 'there is a fine logarithm for every byte');
  return exponent * 2 ** 44 + Math.floor((coarseLogarithm(k) + fraction) / 2 ** 4);
}

/** 2^48 / (1 + k / 128), rounded up. The quotient of integers below 2^56 is split so that each part is exact. */
function reciprocal(k: number): number {
  const divisor = 128 + k;
  const high = Math.floor(2 ** 31 / divisor);
  const low = Math.ceil(((2 ** 31 % divisor) * 2 ** 24) / divisor);
  return high * 2 ** 24 + low;
}

/** The 16 low bits of the integer part of x * y / 2^48, for x up to 2^16 and y up to 2^48, whose product is no double. */
function productShifted48(x: number, y: number): number {
  const high = Math.floor(y / 2 ** 24);
  const low = y % 2 ** 24;
  return Math.floor((x * high + Math.floor((x * low) / 2 ** 24)) / 2 ** 24);
}

/** 2^48 * log2(1 + k / 128), rounded down; the last is short by 2^32. */
function coarseLogarithm(k: number): number {
  return k === 128 ? 2 ** 48 - 2 ** 32 : Math.floor(2 ** 48 * Math.log2(1 + k / 128));
}

/** 2^48 * log2(1 + j / 2^15), rounded down after `surplus` is added, but for those that follow no formula. */
function fineLogarithms(): Float64Array {
  const surplus = 0x1_4770_0000;
  const withoutSurplus = new Set([
    0, 1, 203, 216, 222, 233, 237, 238, 239, 243, 244, 245, 246, 248, 249, 250, 251, 252, 253, 254, 255,
  ]);
  const values = new Float64Array(256);
  for (let j = 0; j < values.length; j++) {
    values[j] = Math.floor(2 ** 48 * Math.log2(1 + j / 2 ** 15) + (withoutSurplus.has(j) ? 0 : surplus));
  }
  for (const [j, value] of arbitraryFineLogarithms) values[j] = value;
  return values;
}
