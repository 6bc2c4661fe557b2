/** Where a request goes by one map: the primary of the PG's record, at the address of that OSD. Pure. */
import type { OsdId, PgId, PoolId } from '../cluster/ids.js';
import type { ClusterMap } from '../cluster/map.js';
import type { NodeAddress } from '../cluster/osd.js';

export interface Route {
  readonly pg: PgId;
  /** Of the pool, when this was decided: another number means that objects may be in another PG. */
  readonly pgNum: number;
  /** Of the PG's record; the request names it, and an OSD in any other refuses. */
  readonly term: number;
  readonly osd: OsdId;
  /** Together with the address: this life of that OSD. */
  readonly boot: number;
  readonly address: NodeAddress;
  readonly epoch: number;
}

export type Routing =
  | { readonly kind: 'route'; readonly route: Route }
  /** Not by this map; a newer one may. */
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'gone'; readonly reason: string };

/** What a request is for: the PG depends on how many there are. */
export interface Target {
  readonly pool: PoolId;
  readonly pgOf: (pgNum: number) => number;
}

type RoutingMap = Pick<ClusterMap, 'epoch' | 'osds' | 'pools' | 'records' | 'flags'>;

export function routeBy(map: RoutingMap, target: Target): Routing {
  const routing = wayBy(map, target);
  const isPaused = routing.kind === 'route' && map.flags.has('pause');
  return isPaused ? { kind: 'wait', reason: 'client I/O is paused; see `cairn osd unset pause`' } : routing;
}

/** Whatever is paused: what is under way is not withdrawn for that. */
function wayBy(map: RoutingMap, target: Target): Routing {
  const pool = map.pools.get(target.pool);
  if (pool === undefined) return { kind: 'gone', reason: `pool ${target.pool} is not there any more` };
  const pg: PgId = { pool: pool.id, pg: target.pgOf(pool.pgNum) };
  const record = map.records.get(pg);
  const primary = record?.acting[0];
  if (record === undefined || primary === undefined) return { kind: 'wait', reason: 'no OSD has held its PG yet' };
  const osd = map.osds.get(primary.osd);
  if (osd?.publicAddress === undefined || !osd.isUp || osd.store !== primary.store) {
    return { kind: 'wait', reason: `osd.${primary.osd}, which leads its PG, is down` };
  }
  const { boot, publicAddress: address } = osd;
  const { epoch } = map;
  return { kind: 'route', route: { pg, pgNum: pool.pgNum, term: record.term, osd: osd.id, boot, address, epoch } };
}

/** Whether `target` would go the same way by `map`: to the same life of the same OSD, in the same term. */
export function isCurrent(map: RoutingMap, target: Target, route: Route): boolean {
  if (map.epoch === route.epoch) return true;
  const routing = wayBy(map, target);
  if (routing.kind !== 'route') return false;
  const { pg, term, osd, boot, address } = routing.route;
  return (
    pg.pg === route.pg.pg &&
    term === route.term &&
    osd === route.osd &&
    boot === route.boot &&
    address.host === route.address.host &&
    address.port === route.address.port
  );
}
