/** What the monitors are told of what is parked here, however much that is. */
import { type ParkedBeacon, parkedPgsMax } from '../../../protocol/monitor-methods.js';
import type { ParkedOfPg } from './parked-set.js';

export function parkedBeacon(parked: readonly ParkedOfPg[]): ParkedBeacon {
  const most = [...parked].sort((a, b) => b.objects - a.objects || a.pg.pool - b.pg.pool || a.pg.pg - b.pg.pg);
  let [objects, acknowledged, bytes] = [0, 0, 0];
  for (const of of parked) {
    objects += of.objects;
    acknowledged += of.acknowledged;
    bytes += of.bytes;
  }
  const pgs = most.slice(0, parkedPgsMax).map(({ pg, objects: count }) => [pg.pool, pg.pg, count] as const);
  return { objects, acknowledged, bytes, pgs };
}
