/**
 * "choose firstn": distinct items one after the other; one that cannot be found is left out and the next moves up. For
 * replicas, where any order is as good.
 *
 * Replica `rep` descends from the bucket to an item of the wanted type, each bucket on the way choosing by
 * r = rep + (descents that failed so far). An item that was chosen before, holds no device or is out fails the descent.
 */
import { chooseSlot } from './bucket-choose.js';
import { noChild } from './compiled-map.js';
import type { Search } from './search.js';

/** How long to search, from the tunables and the `set_*` steps of the rule. */
export interface FirstnLimits {
  /** Descents per replica. */
  tries: number;
  /** Descents per replica from the item down to its device. */
  leafTries: number;
  /** How often a collision is retried in the bucket where it happened, before the next descent. */
  localRetries: number;
  /** If positive, a bucket is then searched exhaustively, by a permutation of its items and this many tries more. */
  localFallbackRetries: number;
  /** Whether the search for a device depends on the replica: 0 no; n: on its r, shifted right by n - 1. */
  varyR: number;
  /** Whether the search for a device starts from the same number for every replica. */
  stable: boolean;
}

/**
 * Finds up to `wanted` items of `type` under `bucket` and stores them in `items` from `start` on; returns how many, at
 * most `room`. With `leaves` (for "chooseleaf") also a device under each, at the same places there.
 */
export function chooseFirstn(
  search: Search,
  limits: FirstnLimits,
  bucket: number,
  wanted: number,
  type: number,
  items: Int32Array,
  leaves: Int32Array | undefined,
  start: number,
  room: number,
): number {
  return descend(search, limits, bucket, 0, wanted, type, limits.tries, items, leaves, start, 0, room, 0);
}

/**
 * Replicas `firstRep` to `lastRep` (exclusive), after `filled` items that are there already; returns how many there are
 * then. `parentR` is 0, or what the search for a device takes over from that for the item above it.
 */
function descend(
  search: Search,
  limits: FirstnLimits,
  from: number,
  firstRep: number,
  lastRep: number,
  type: number,
  tries: number,
  items: Int32Array,
  leaves: Int32Array | undefined,
  start: number,
  filled: number,
  room: number,
  parentR: number,
): number {
  const { map } = search;
  const { localRetries, localFallbackRetries } = limits;
  replicas: for (let rep = firstRep; rep < lastRep && room > 0; rep++) {
    let failures = 0;
    let failuresHere = 0;
    let bucket = from;
    let item: number;
    for (;;) {
      const r = (rep + parentR + failures) | 0;
      const size = map.sizes[bucket]!;
      let collides = false;
      let rejected = size === 0;
      if (!rejected) {
        const exhaustive =
          localFallbackRetries > 0 && failuresHere >= size >>> 1 && failuresHere > localFallbackRetries;
        const slot = exhaustive
          ? map.starts[bucket]! + search.permutations.choose(bucket, search.x, r)
          : chooseSlot(search, bucket, r, filled);
        // Another try would not find another type: where the map has none of this type, the replica is left out.
        if (slot < 0) continue replicas;
        item = map.itemIds[slot]!;
        const child = map.children[slot]!;
        const itemType = child === noChild ? 0 : map.bucketTypes[child]!;
        if (itemType !== type) {
          if (child === noChild) continue replicas;
          bucket = child;
          continue;
        }
        collides = includes(items, start, filled, item);
        if (!collides && leaves !== undefined) {
          if (child === noChild) leaves[start + filled] = item;
          else rejected = !findLeaf(search, limits, child, r, leaves, start, filled, room);
        }
        if (!collides && !rejected && child === noChild) rejected = search.isOut(item);
        if (!collides && !rejected) break;
      }
      // Again in this bucket, then again from the top, then no more.
      failures++;
      failuresHere++;
      if (collides && failuresHere <= localRetries) continue;
      if (localFallbackRetries > 0 && failuresHere <= size + localFallbackRetries) continue;
      if (failures >= tries) continue replicas;
      bucket = from;
      failuresHere = 0;
    }
    items[start + filled] = item;
    filled++;
    room--;
    search.countRetries(failures);
  }
  return filled;
}

/** Puts one device under `bucket`, distinct from the leaves before it, to `leaves[start + filled]`, if it finds any. */
function findLeaf(
  search: Search,
  limits: FirstnLimits,
  bucket: number,
  r: number,
  leaves: Int32Array,
  start: number,
  filled: number,
  room: number,
): boolean {
  const parentR = limits.varyR === 0 ? 0 : r >> (limits.varyR - 1);
  const firstRep = limits.stable ? 0 : filled;
  const { leafTries } = limits;
  return (
    descend(
      search,
      limits,
      bucket,
      firstRep,
      firstRep + 1,
      0,
      leafTries,
      leaves,
      undefined,
      start,
      filled,
      room,
      parentR,
    ) > filled
  );
}

function includes(items: Int32Array, start: number, count: number, item: number): boolean {
  for (let i = start; i < start + count; i++) {
    if (items[i] === item) return true;
  }
  return false;
}
