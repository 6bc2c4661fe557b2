/** Objects of the PGs that an OSD leads. */
import assert from 'node:assert/strict';
import { type Route, routeBy } from '../../../client/route.js';
import { objectNameOf } from '../../../client/operation.js';
import { type OsdId, osdId } from '../../../cluster/ids.js';
import { objectHash, pgOfHash } from '../../../cluster/object-placement.js';
import type { RealCluster } from './real-cluster.js';

export interface Led {
  readonly object: string;
  /** By the map of this moment. */
  readonly route: Route;
}

/** Who leads most PGs: which OSDs lead any is CRUSH's choice, and differs from cluster to cluster. */
export function busiestLeader({ map, pool }: RealCluster): string {
  const counts = new Map<OsdId, number>();
  for (let pg = 0; pg < pool.pgNum; pg++) {
    const primary = map.records.get({ pool: pool.id, pg })?.acting[0];
    if (primary !== undefined) counts.set(primary.osd, (counts.get(primary.osd) ?? 0) + 1);
  }
  const [busiest] = [...counts].sort(([, a], [, b]) => b - a);
  assert.ok(busiest !== undefined, 'somebody leads');
  return `osd.${busiest[0]}`;
}

/** Names that no load uses, some of each PG. */
export function ledBy({ map, pool }: RealCluster, name: string): readonly Led[] {
  const osd = osdId(Number(name.slice('osd.'.length)));
  const led = Array.from({ length: 4 * pool.pgNum }, (_, i) => `led-by-${name}-${i}`).flatMap((object) => {
    const hash = objectHash(pool.id, objectNameOf(object));
    const routing = routeBy(map, { pool: pool.id, pgOf: (pgNum) => pgOfHash(hash, pgNum) });
    return routing.kind === 'route' && routing.route.osd === osd ? [{ object, route: routing.route }] : [];
  });
  assert.ok(led.length > 0, `${name} leads some PG`);
  return led;
}
