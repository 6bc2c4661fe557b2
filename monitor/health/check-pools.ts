/** Checks of pools: quotas, redundancy, numbers of PGs. */
import type { Pool } from '../../cluster/pool.js';
import { counted, percent, raise, raiseIfAny } from './raise.js';
import type { HealthCheck, HealthInput } from './types.js';

export function checkPools(input: HealthInput): HealthCheck[] {
  const pools = [...input.map.pools.values()].sort((a, b) => a.id - b.id);
  return [
    ...checkQuotas(input, pools),
    ...checkRedundancy(pools),
    ...checkModes(input, pools),
    ...checkApplications(input, pools),
    ...checkTooMany(input, pools),
    ...checkTooFew(input, pools),
  ];
}

function checkQuotas({ pools: stats, settings }: HealthInput, pools: readonly Pool[]): HealthCheck[] {
  const full: string[] = [];
  const near: string[] = [];
  for (const { id, name, quotaBytes, quotaObjects } of pools) {
    const { objects = 0, storedBytes = 0 } = stats.get(id) ?? {};
    const ofBytes = quotaBytes === 0 ? 0 : storedBytes / quotaBytes;
    const ofObjects = quotaObjects === 0 ? 0 : objects / quotaObjects;
    const ratio = Math.max(ofBytes, ofObjects);
    const what = ofBytes >= ofObjects ? `${quotaBytes} bytes` : counted(quotaObjects, 'object');
    const line = `pool '${name}' has used ${percent(ratio)} of its quota of ${what}`;
    if (ratio >= 1) full.push(line);
    else if (ratio >= settings.quotaWarnRatio) near.push(line);
  }
  return [
    ...raiseIfAny('POOL_FULL', full, `${counted(full.length, 'pool')} at the quota`),
    ...raiseIfAny('POOL_NEAR_FULL', near, `${counted(near.length, 'pool')} near the quota`),
  ];
}

function checkRedundancy(pools: readonly Pool[]): HealthCheck[] {
  const detail = pools.filter(({ size }) => size === 1).map(({ name }) => `pool '${name}' keeps one copy`);
  return raiseIfAny('POOL_NO_REDUNDANCY', detail, `${counted(detail.length, 'pool')} without redundancy`);
}

function checkModes({ pools: stats }: HealthInput, pools: readonly Pool[]): HealthCheck[] {
  const detail = pools.flatMap(({ id, name, mode, pgNum }) => {
    const left = stats.get(id)?.otherMode ?? 0;
    return left === 0 ? [] : [`pool '${name}' is to be ${mode.kind}: ${left} of ${counted(pgNum, 'pg')} are not yet`];
  });
  return raiseIfAny('POOL_MODE_PENDING', detail, `${counted(detail.length, 'pool')} changing the mode`);
}

function checkApplications({ pools: stats }: HealthInput, pools: readonly Pool[]): HealthCheck[] {
  const unnamed = pools.filter(({ id, application }) => application === '' && (stats.get(id)?.objects ?? 0) > 0);
  const detail = unnamed.map(({ name }) => `pool '${name}' has no application`);
  return raiseIfAny('POOL_APP_NOT_ENABLED', detail, `${counted(detail.length, 'pool')} without an application`);
}

function copiesOf(pools: readonly Pool[]): number {
  return pools.reduce((sum, { pgNum, size }) => sum + pgNum * size, 0);
}

function inOsds({ map }: HealthInput): number {
  let count = 0;
  for (const { isIn } of map.osds.values()) if (isIn) count += 1;
  return count;
}

function checkTooMany(input: HealthInput, pools: readonly Pool[]): HealthCheck[] {
  const osds = inOsds(input);
  const max = input.settings.pgsPerOsdMax;
  const perOsd = osds === 0 ? 0 : Math.round(copiesOf(pools) / osds);
  if (perOsd <= max) return [];
  return [
    raise('TOO_MANY_PGS', { summary: `too many PGs per OSD (${perOsd} > max ${max})`, detail: [], count: perOsd }),
  ];
}

/** By its share of the data, a pool should have at least a third of the PGs that would spread it well, as in Ceph. */
function checkTooFew(input: HealthInput, pools: readonly Pool[]): HealthCheck[] {
  const copyBytes = ({ id, size }: Pool): number => (input.pools.get(id)?.storedBytes ?? 0) * size;
  const total = pools.reduce((sum, pool) => sum + copyBytes(pool), 0);
  const budget = inOsds(input) * input.settings.pgsPerOsdTarget;
  const detail = pools.flatMap((pool) => {
    const share = total === 0 ? 0 : copyBytes(pool) / total;
    const ideal = 2 ** Math.round(Math.log2(Math.max(1, (budget * share) / pool.size)));
    // A few GiB are spread well enough whatever the number is.
    const isLarge = copyBytes(pool) > inOsds(input) * 2 ** 30;
    return isLarge && pool.pgNum * 3 < ideal
      ? [`pool '${pool.name}' has ${pool.pgNum} PGs; ${ideal} would spread it well`]
      : [];
  });
  return raiseIfAny('POOL_TOO_FEW_PGS', detail, `${counted(detail.length, 'pool')} with too few PGs`);
}
