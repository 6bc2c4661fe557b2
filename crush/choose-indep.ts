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
const openPosition = 0x7ffffffe;

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
  fill(search, limits, bucket, count, stride, type, limits.tries, items, leaves, positionBase, 0, 0);
}

/** Positions `first` to `first + count` (exclusive), of a group whose position 0 is at `base` in the arrays. */
function fill(
  search: Search,
  limits: IndepLimits,
  from: number,
  count: number,
  stride: number,
  type: number,
  tries: number,
  items: Int32Array,
  leaves: Int32Array | undefined,
  base: number,
  first: number,
  parentR: number,
): void {
  const start = base + first;
  const end = start + count;
  items.fill(openPosition, start, end);
  leaves?.fill(openPosition, start, end);

  let open = count;
  let attempt = 0;
  for (; open > 0 && attempt < tries; attempt++) {
    for (let at = start; at < end; at++) {
      if (items[at] !== openPosition) continue;
      const r = at - base + parentR;
      const item = find(search, limits, from, first, stride, attempt, r, type, items, leaves, base, start, end, at);
      if (item === openPosition) continue;
      items[at] = item;
      if (item === noItem && leaves !== undefined) leaves[at] = noItem;
      open--;
    }
  }

  closeHoles(items, start, end);
  if (leaves !== undefined) closeHoles(leaves, start, end);
  search.countRetries(attempt);
}

/**
 * One try for the place `at` of the group from `start` to `end`: an item, which is then stored with its leaf at the same
 * place; `openPosition` if it may be tried again; `noItem` if not, as the map has another type there.
 */
function find(
  search: Search,
  limits: IndepLimits,
  from: number,
  position: number,
  stride: number,
  attempt: number,
  firstR: number,
  type: number,
  items: Int32Array,
  leaves: Int32Array | undefined,
  base: number,
  start: number,
  end: number,
  at: number,
): number {
  const { map } = search;
  for (let bucket = from; ;) {
    const size = map.sizes[bucket]!;
    if (size === 0) return openPosition;
    const r = (firstR + Math.imul(strideIn(map.algorithms[bucket]!, size, stride), attempt)) | 0;
    const slot = chooseSlot(search, bucket, r, position);
    if (slot < 0) return noItem;
    const child = map.children[slot]!;
    const itemType = child === noChild ? 0 : map.bucketTypes[child]!;
    if (itemType !== type) {
      if (child === noChild) return noItem;
      bucket = child;
      continue;
    }
    const item = map.itemIds[slot]!;
    if (includes(items, start, end, item)) return openPosition;
    if (leaves !== undefined) {
      if (child === noChild) leaves[at] = item;
      else fill(search, limits, child, 1, stride, 0, limits.leafTries, leaves, undefined, base, at - base, r);
      if (leaves[at] === noItem) return openPosition;
    }
    return child === noChild && search.isOut(item) ? openPosition : item;
  }
}

function closeHoles(items: Int32Array, start: number, end: number): void {
  for (let i = start; i < end; i++) {
    if (items[i] === openPosition) items[i] = noItem;
  }
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
