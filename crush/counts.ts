/** Array sizes of Ceph's that outputs depend on. */
import type { CrushMap } from './types.js';

/** One more than the highest device id that is named or held by a bucket; Ceph's `max_devices`. */
export function deviceCount(map: CrushMap): number {
  let count = 0;
  for (const id of map.devices.keys()) count = Math.max(count, id + 1);
  for (const { items } of map.buckets.values()) for (const { id } of items) count = Math.max(count, id + 1);
  return count;
}

/** Ceph's array of buckets starts with eight places and doubles; its `max_buckets`. */
export function bucketSlots(map: CrushMap): number {
  if (map.buckets.size === 0) return 0;
  let lowest = 0;
  for (const id of map.buckets.keys()) lowest = Math.min(lowest, id);
  let slots = 8;
  while (slots < -lowest) slots *= 2;
  return slots;
}
