/**
 * "choose indep": one item per position, each found independently of the others; a position for which there is none stays
 * a hole. For erasure coding, where position n holds part n and must not move when another position fails.
 *
 * All positions get their first try, then those still open their second, and so on. A position's tries use
 * r = position + (tries so far) * (positions), so that no two positions ever try the same.
 */
import { chooseSlot } from './bucket-choose.js';
import { algorithmNumbers, noChild } from './compiled-map.js';
import { noItem, type Search } from './search.js';

/** Not found yet; only while the search is under way. */
const undefinedItem = 0x7ffffffe;

export interface IndepLimits {
  /** Tries per position. */
  tries: number;
  /** Tries per position from the item down to its device. */
  leafTries: number;
}

/**
 * Fills `count` places of `items` from `first` on with items of `type` under `bucket`, or `noItem`; with `leaves`, also
 * the same places there with a device under each. `stride` is how many positions the rule asks for, which may be more.
 * `positionBase` is where this group's places start in the arrays.
 */
export function chooseIndep(
  search: Search,
  limits: IndepLimits,
  bucket: number,
  count: number,
  stride: number,
  type: number,
  items: Int32Array,
  leaves: Int32Array | undefined,
  positionBase: number,
): void {
  fill(search, bucket, count, stride, type, limits.tries, limits.leafTries, items, leaves, positionBase, 0, 0);
}

/** Positions `first` to `first + count` (exclusive), of a group whose position 0 is at `base` in the arrays. */
function fill(
  search: Search,
  from: number,
  count: number,
  stride: number,
  type: number,
  tries: number,
  leafTries: number,
  items: Int32Array,
  leaves: Int32Array | undefined,
  base: number,
  first: number,
  parentR: number,
): void {
  const { map } = search;
  const last = first + count;
  let open = count;
  items.fill(undefinedItem, base + first, base + last);
  leaves?.fill(undefinedItem, base + first, base + last);

  let attempt = 0;
  for (; open > 0 && attempt < tries; attempt++) {
    for (let position = first; position < last; position++) {
      if (items[base + position] !== undefinedItem) continue;
      let bucket = from;
      // Down to an item of the wanted type; `break` leaves the position open for the next attempt.
      for (;;) {
        const size = map.sizes[bucket]!;
        if (size === 0) break;
        const r = (position + parentR + Math.imul(strideIn(map.algorithms[bucket]!, size, stride), attempt)) | 0;
        const slot = chooseSlot(search, bucket, r, first);
        const child = slot < 0 ? noChild : map.children[slot]!;
        const itemType = child === noChild ? 0 : map.bucketTypes[child]!;
        if (slot < 0 || (itemType !== type && child === noChild)) {
          items[base + position] = noItem;
          if (leaves !== undefined) leaves[base + position] = noItem;
          open--;
          break;
        }
        if (itemType !== type) {
          bucket = child;
          continue;
        }
        const item = map.itemIds[slot]!;
        if (includes(items, base + first, base + last, item)) break;
        if (leaves !== undefined) {
          if (child === noChild) {
            leaves[base + position] = item;
          } else {
            fill(search, child, 1, stride, 0, leafTries, 0, leaves, undefined, base, position, r);
            if (leaves[base + position] === noItem) break;
          }
        }
        if (child === noChild && search.isOut(item)) break;
        items[base + position] = item;
        open--;
        break;
      }
    }
  }

  for (let i = base + first; i < base + last; i++) {
    if (items[i] === undefinedItem) items[i] = noItem;
    if (leaves !== undefined && leaves[i] === undefinedItem) leaves[i] = noItem;
  }
  search.countRetries(attempt);
}

/**
 * By how much r grows per attempt. In a uniform bucket r counts places of a permutation: a stride that divides its size
 * would come back to the same places, one more does not.
 */
function strideIn(algorithm: number, size: number, stride: number): number {
  return algorithm === algorithmNumbers.uniform && size % stride === 0 ? stride + 1 : stride;
}

function includes(items: Int32Array, start: number, end: number, item: number): boolean {
  for (let i = start; i < end; i++) {
    if (items[i] === item) return true;
  }
  return false;
}
