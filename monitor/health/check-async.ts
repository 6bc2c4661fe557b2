/** Checks of async pools: members that are too far behind, and writes that failovers cut off. OSDs say so with their beacons. */
import { poolId, printPgId } from '../../cluster/ids.js';
import { counted, raise, raiseIfAny } from './raise.js';
import type { HealthCheck, HealthInput } from './types.js';

export function checkAsync(input: HealthInput): HealthCheck[] {
  return [...checkLag(input), ...checkParked(input)];
}

function checkLag({ map, osds }: HealthInput): HealthCheck[] {
  let pgs = 0;
  const detail: string[] = [];
  for (const { id, isUp } of inOrder(map.osds)) {
    const { lagging = 0 } = osds.get(id) ?? {};
    if (!isUp || lagging === 0) continue;
    pgs += lagging;
    detail.push(`osd.${id} leads ${counted(lagging, 'pg')} with a member that is behind by max_lag`);
  }
  return raiseIfAny('PG_LAGGING', detail, `${counted(pgs, 'pg')} where writes wait for a member that lags`);
}

/** Of OSDs that are down too: what they have parked, they still have. */
function checkParked({ map, osds }: HealthInput): HealthCheck[] {
  let [objects, acknowledged] = [0, 0];
  const detail: string[] = [];
  for (const { id } of inOrder(map.osds)) {
    const parked = osds.get(id)?.parked;
    if (parked === undefined || parked.objects === 0) continue;
    objects += parked.objects;
    acknowledged += parked.acknowledged;
    const named = parked.pgs.map(([pool, pg, count]) => `${printPgId({ pool: poolId(pool), pg })} (${count})`);
    const listed = parked.pgs.reduce((sum, [, , count]) => sum + count, 0);
    const others = listed < parked.objects ? ' and others' : '';
    detail.push(`osd.${id} keeps ${counted(parked.objects, 'object')} of pg ${named.join(', ')}${others}`);
  }
  if (objects === 0) return [];
  const known = acknowledged === 0 ? '' : `, ${acknowledged} of them with writes that were acknowledged for certain`;
  const summary = `${counted(objects, 'object')} with parked writes${known}`;
  return [raise('PARKED_WRITES', { count: objects, summary, detail })];
}

function inOrder<T extends { readonly id: number }>(osds: ReadonlyMap<unknown, T>): T[] {
  return [...osds.values()].sort((a, b) => a.id - b.id);
}
