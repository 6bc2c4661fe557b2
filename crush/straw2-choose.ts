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
import { hashFillX, hashFillY, hashSeed } from './hash.js';
import { lastInputRanksWith, logarithmDeficits } from './logarithm.js';

const lastInput = 0xffff;

/**
 * The index of the item that wins. The items hash by `hashIds` from `idStart` on and weigh `weights` (16.16) from
 * `weightStart` on. If none has a weight, the first wins. `x` and `r` are 32-bit integers.
 */
export function chooseStraw2(
  hashIds: Int32Array,
  idStart: number,
  weights: Uint32Array,
  weightStart: number,
  size: number,
  x: number,
  r: number,
): number {
  let winner = 0;
  let leastDraw = Infinity;
  let bestHash = -1;
  let bestWeight = 0;
  for (let i = 0; i < size; i++) {
    const weight = weights[weightStart + i]!;
    if (weight === 0) continue;

    // hash32of3(x, id, r), written out because a call per item costs a third more.
    let a = x;
    let b = hashIds[idStart + i]!;
    let c = r;
    let fillX = hashFillX;
    let fillY = hashFillY;
    let hash = hashSeed ^ a ^ b ^ c;
    a = (a - b - hash) ^ (hash >>> 13);
    b = (b - hash - a) ^ (a << 8);
    hash = (hash - a - b) ^ (b >>> 13);
    a = (a - b - hash) ^ (hash >>> 12);
    b = (b - hash - a) ^ (a << 16);
    hash = (hash - a - b) ^ (b >>> 5);
    a = (a - b - hash) ^ (hash >>> 3);
    b = (b - hash - a) ^ (a << 10);
    hash = (hash - a - b) ^ (b >>> 15);

    c = (c - fillX - hash) ^ (hash >>> 13);
    fillX = (fillX - hash - c) ^ (c << 8);
    hash = (hash - c - fillX) ^ (fillX >>> 13);
    c = (c - fillX - hash) ^ (hash >>> 12);
    fillX = (fillX - hash - c) ^ (c << 16);
    hash = (hash - c - fillX) ^ (fillX >>> 5);
    c = (c - fillX - hash) ^ (hash >>> 3);
    fillX = (fillX - hash - c) ^ (c << 10);
    hash = (hash - c - fillX) ^ (fillX >>> 15);

    fillY = (fillY - a - hash) ^ (hash >>> 13);
    a = (a - hash - fillY) ^ (fillY << 8);
    hash = (hash - fillY - a) ^ (a >>> 13);
    fillY = (fillY - a - hash) ^ (hash >>> 12);
    a = (a - hash - fillY) ^ (fillY << 16);
    hash = (hash - fillY - a) ^ (a >>> 5);
    fillY = (fillY - a - hash) ^ (hash >>> 3);
    a = (a - hash - fillY) ^ (fillY << 10);
    hash = (hash - fillY - a) ^ (a >>> 15);

    b = (b - fillX - hash) ^ (hash >>> 13);
    fillX = (fillX - hash - b) ^ (b << 8);
    hash = (hash - b - fillX) ^ (fillX >>> 13);
    b = (b - fillX - hash) ^ (hash >>> 12);
    fillX = (fillX - hash - b) ^ (b << 16);
    hash = (hash - b - fillX) ^ (fillX >>> 5);
    b = (b - fillX - hash) ^ (hash >>> 3);
    fillX = (fillX - hash - b) ^ (b << 10);
    hash = (hash - b - fillX) ^ (fillX >>> 15);

    fillY = (fillY - c - hash) ^ (hash >>> 13);
    c = (c - hash - fillY) ^ (fillY << 8);
    hash = (hash - fillY - c) ^ (c >>> 13);
    fillY = (fillY - c - hash) ^ (hash >>> 12);
    c = (c - hash - fillY) ^ (fillY << 16);
    hash = (hash - fillY - c) ^ (c >>> 5);
    fillY = (fillY - c - hash) ^ (hash >>> 3);
    c = (c - hash - fillY) ^ (fillY << 10);
    hash = (hash - fillY - c) ^ (c >>> 15);

    const draws = hash & 0xffff;
    if (draws <= bestHash && weight <= bestWeight) continue;
    const draw = Math.floor(logarithmDeficits[draws]! / weight);
    if (draw >= leastDraw) continue;
    winner = i;
    leastDraw = draw;
    bestHash = draws === lastInput ? lastInputRanksWith : draws;
    bestWeight = weight;
  }
  return winner;
}
