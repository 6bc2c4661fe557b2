/** Where an item stands in a map. */
import { typeName } from './text-printer.js';
import type { Bucket, CrushMap } from './types.js';

export interface Holder {
  readonly type: string;
  readonly name: string;
}

/**
 * From the bucket that holds the item up to a root; empty when it stands nowhere. Of several places (rare and odd) the
 * first one.
 */
export function itemLocation(map: CrushMap, item: number): Holder[] {
  const holders = new Map<number, Bucket>();
  for (const bucket of map.buckets.values()) {
    if (bucket.shadow !== undefined) continue;
    for (const { id } of bucket.items) if (!holders.has(id)) holders.set(id, bucket);
  }
  const location: Holder[] = [];
  for (let holder = holders.get(item); holder !== undefined; holder = holders.get(holder.id)) {
    location.push({ type: typeName(map, holder.type), name: holder.name });
    // A map that contains itself is refused elsewhere; here the walk only has to end.
    if (location.length > map.buckets.size) break;
  }
  return location;
}

/** The id of a device or plain bucket. */
export function itemNamed(map: CrushMap, name: string): number | undefined {
  for (const bucket of map.buckets.values()) if (bucket.shadow === undefined && bucket.name === name) return bucket.id;
  for (const device of map.devices.values()) if (device.name === name) return device.id;
  return undefined;
}
