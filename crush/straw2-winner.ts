/**
 * The draw of straw2. Each item draws the logarithm of its 16-bit hash, a negative number, divided by its weight; the
 * highest draw wins, and of equal draws the first. An item's draw depends on nothing but itself, so that changing one
 * weight moves inputs only to or from that item.
 *
 * Draws are integers, rounded towards zero. Here they are positive (`logarithmDeficits`) and the least wins. Dividing in
 * doubles gives the exact integer quotient: let L be the deficit, an integer up to 2^48, and w the weight. If w divides L,
 * then L / w is a double. Otherwise L / w lies at least 1 / w below the next integer n, while rounding moves it by at most
 * L / w * 2^-53 <= 2^-5 / w. So it never reaches n, and `Math.floor` gives the integer below.
 *
 * An item with neither a higher hash nor a higher weight than the best so far cannot draw better, and needs neither
 * logarithm nor division; with equal weights few do. The last hash is an exception to "higher is better"
 * (`lastInputRanksWith`).
 */
import { lastInputRanksWith, logarithmDeficits } from './logarithm.js';

const lastInput = 0xffff;

/**
 * The index of the item that wins, of `count` whose lower 16 bits of hash are `hashes` and whose weights (16.16) are
 * `weights` from `weightStart` on. If none has a weight, the first wins.
 */
export function straw2Winner(hashes: Int32Array, weights: Uint32Array, weightStart: number, count: number): number {
  let winner = 0;
  let leastDraw = Infinity;
  let bestHash = -1;
  let bestWeight = 0;
  for (let i = 0; i < count; i++) {
    const weight = weights[weightStart + i]!;
    const hash = hashes[i]!;
    if (weight === 0 || (hash <= bestHash && weight <= bestWeight)) continue;
    const draw = Math.floor(logarithmDeficits[hash]! / weight);
    if (draw >= leastDraw) continue;
    winner = i;
    leastDraw = draw;
    bestHash = hash === lastInput ? lastInputRanksWith : hash;
    bestWeight = weight;
  }
  return winner;
}
