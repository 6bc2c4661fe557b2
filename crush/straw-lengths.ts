/**
 * The lengths of the straws in a `straw` bucket, the draw before straw2. Each item's 16-bit hash is multiplied by its
 * straw and the highest product wins; the lengths are chosen so that wins are about proportional to weights.
 *
 * Going up from the lightest item, each straw is longer than the one before by the factor that makes up for the weight
 * gained: (below + next) / below to the power 1 / (items left), where `below` is the weight up to the present level,
 * over all items, and `next` what the items left add up to the next level.
 *
 * Version 0 (`straw_calc_version`, all maps up to firefly) counts the items left wrongly: it counts weightless items in,
 * and leaves out all equals of an item at once, before that item. Maps keep the lengths they were made with.
 */
import { weightOne } from './types.js';

/**
 * Straw lengths (16.16) for item weights (16.16, unsigned 32-bit) in bucket order, as Ceph's `crush_calc_straw` gives
 * them; a weightless item has length 0. `strawCalcVersion` 0 is the old calculation, anything else the corrected one.
 */
export function strawLengths(weights: readonly number[], strawCalcVersion: number): number[] {
  const lengths = weights.map(() => 0);
  const ascending = weights.map((weight, index) => ({ weight, index })).sort((a, b) => a.weight - b.weight);
  const present = ascending.filter((item) => item.weight > 0);
  const next = strawCalcVersion === 0 ? stepVersion0 : stepVersion1;
  const level: Level = {
    straw: 1,
    below: 0,
    lastWeight: 0,
    left: strawCalcVersion === 0 ? weights.length : present.length,
  };
  for (const [rank, item] of present.entries()) {
    lengths[item.index] = (level.straw * weightOne) >>> 0;
    const heavier = present[rank + 1];
    if (heavier !== undefined) next(level, item.weight, heavier.weight, () => equalsFrom(present, rank + 1));
  }
  return lengths;
}

interface Level {
  straw: number;
  below: number;
  lastWeight: number;
  /** How many items count as at least as heavy as the present one. */
  left: number;
}

function stepVersion0(level: Level, weight: number, heavier: number, equals: () => number): void {
  if (heavier === weight) return;
  level.below += (weight - level.lastWeight) * level.left;
  level.left -= equals();
  lengthen(level, weight, heavier);
}

function stepVersion1(level: Level, weight: number, heavier: number): void {
  level.below += (weight - level.lastWeight) * level.left;
  level.left--;
  lengthen(level, weight, heavier);
}

function lengthen(level: Level, weight: number, heavier: number): void {
  // Ceph multiplies as unsigned 32-bit integers, so the product wraps around; multiplying in doubles would not.
  const next = Math.imul(level.left, heavier - weight) >>> 0;
  const shareBelow = level.below / (level.below + next);
  level.straw *= Math.pow(1 / shareBelow, 1 / level.left);
  level.lastWeight = weight;
}

/** How many items from `start` on weigh the same. */
function equalsFrom(ascending: readonly { readonly weight: number }[], start: number): number {
  const end = ascending.findIndex((item, index) => index > start && item.weight !== ascending[start]?.weight);
  return (end === -1 ? ascending.length : end) - start;
}
