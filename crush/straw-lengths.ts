/**
 * The lengths of the straws in a `straw` bucket, the draw before straw2. Each item's 16-bit hash is multiplied by its
 * straw and the highest product wins; the lengths are chosen so that wins are about proportional to weights.
 *
 * Going up from the lightest item, each straw is longer than the one before by what makes up for the weight gained: the
 * factor ((below + next) / below) ^ (1 / left), where `below` is the weight of all items up to the present level, `left`
 * how many items are heavier, and `next` what these add up to the next level.
 *
 *   weights    1   2   2   5
 *                          |
 *                          |   next = 1 * 3, left = 1
 *                          |
 *                  |   |   |   below (version 1) = 1 * 4 + 1 * 3
 *              |   |   |   |
 */
import { weightOne } from './types.js';

/**
 * Straw lengths (16.16) for item weights (16.16, unsigned 32-bit) in bucket order, as Ceph computes them; a weightless
 * item has length 0. `strawCalcVersion` 0, of maps made before 2015, miscounts the items left: it never leaves out the
 * weightless ones, and leaves out equals all at once but not the first of all. Maps keep it so that nothing moves.
 */
export function strawLengths(weights: readonly number[], strawCalcVersion: number): number[] {
  const lengths = weights.map(() => 0);
  const ascending = weights
    .map((weight, index) => ({ weight, index }))
    .filter((item) => item.weight > 0)
    .sort((a, b) => a.weight - b.weight);
  let left = strawCalcVersion === 0 ? weights.length : ascending.length;
  let straw = 1;
  let below = 0;
  let lastWeight = 0;
  for (const [rank, { weight, index }] of ascending.entries()) {
    lengths[index] = (straw * weightOne) >>> 0;
    const heavier = ascending[rank + 1];
    if (heavier === undefined || (strawCalcVersion === 0 && heavier.weight === weight)) continue;
    below += (weight - lastWeight) * left;
    left -= strawCalcVersion === 0 ? equalsFrom(rank + 1, ascending) : 1;
    // Ceph multiplies unsigned 32-bit integers here, which wrap around.
    const next = Math.imul(left, heavier.weight - weight) >>> 0;
    straw *= (1 / (below / (below + next))) ** (1 / left);
    lastWeight = weight;
  }
  return lengths;
}

/** How many in a row weigh the same, from `rank` on; equals stand together, so that a bucket takes linear time in all. */
function equalsFrom(rank: number, ascending: readonly { readonly weight: number }[]): number {
  let end = rank;
  while (end < ascending.length && ascending[end]?.weight === ascending[rank]?.weight) end += 1;
  return end - rank;
}
