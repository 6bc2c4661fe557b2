/** Checks of OSDs as the map has them: down, flapping, orphans, flags. Space is in check-space.ts. */
import { subtreeDownCode } from './codes.js';
import { tunablesProfiles } from '../../crush/tunables.js';
import type { OsdInfo } from '../../cluster/osd.js';
import { counted, raise, raiseIfAny } from './raise.js';
import type { HealthCheck, HealthInput } from './types.js';

export function checkOsds(input: HealthInput): HealthCheck[] {
  return [
    ...checkDown(input),
    ...checkSubtrees(input),
    ...checkFlapping(input),
    ...checkOrphans(input),
    ...checkNumber(input),
    ...checkFlags(input),
    ...checkDownOut(input),
    ...checkTunables(input),
  ];
}

/** One that is out is missed by nobody. */
function isMissed(osd: OsdInfo): boolean {
  return !osd.isUp && osd.isIn;
}

function byId(input: HealthInput): OsdInfo[] {
  return [...input.map.osds.values()].sort((a, b) => a.id - b.id);
}

function checkDown(input: HealthInput): HealthCheck[] {
  const detail = byId(input)
    .filter(isMissed)
    .map(({ id }) => {
      const place = input.topology.ancestorsOf(id).map(({ typeName, name }) => `${typeName}=${name}`);
      return `osd.${id}${place.length === 0 ? '' : ` (${place.reverse().join(' ')})`} is down`;
    });
  return raiseIfAny('OSD_DOWN', detail, `${counted(detail.length, 'osd')} down`);
}

/** Per type of bucket those that are down as a whole, and have OSDs that are missed. */
function checkSubtrees({ map, topology }: HealthInput): HealthCheck[] {
  const byType = new Map<string, { readonly type: number; readonly detail: string[] }>();
  for (const { name, type, typeName, osds } of topology.subtrees.values()) {
    const known = osds.flatMap((id) => map.osds.get(id) ?? []);
    if (!known.some(isMissed) || known.some(({ isUp }) => isUp)) continue;
    const entry = byType.get(typeName) ?? { type, detail: [] };
    byType.set(typeName, entry);
    entry.detail.push(`${typeName} ${name} (${counted(known.length, 'osd')}) is down`);
  }
  return [...byType]
    .sort(([, a], [, b]) => a.type - b.type)
    .map(([typeName, { detail }]) =>
      raise(subtreeDownCode(typeName), { summary: `${counted(detail.length, typeName)} down`, detail: detail.sort() }),
    );
}

function checkFlapping({ flapping }: HealthInput): HealthCheck[] {
  const detail = [...flapping].map(([osd, downs]) => `osd.${osd} went down ${downs} times in ten minutes`);
  return raiseIfAny('OSD_FLAPPING', detail, `${counted(detail.length, 'osd')} flapping`);
}

function checkOrphans({ map, topology }: HealthInput): HealthCheck[] {
  const orphans = new Set<number>();
  for (const { parent, osds } of topology.subtrees.values()) {
    if (parent === undefined) for (const osd of osds) if (!map.osds.has(osd)) orphans.add(osd);
  }
  const detail = [...orphans].sort((a, b) => a - b).map((osd) => `osd.${osd} is in the CRUSH map and does not exist`);
  return raiseIfAny('OSD_ORPHAN', detail, `${counted(detail.length, 'osd')} in the CRUSH map that do not exist`);
}

function checkNumber({ map, settings }: HealthInput): HealthCheck[] {
  const sizes = [...map.pools.values()].map(({ size }) => size);
  const wanted = sizes.length === 0 ? settings.defaultSize : Math.max(...sizes);
  if (map.osds.size >= wanted) return [];
  const summary = `${counted(map.osds.size, 'osd')}, fewer than ${wanted} copies need`;
  return [raise('TOO_FEW_OSDS', { summary, detail: [], count: wanted - map.osds.size })];
}

function checkFlags({ map }: HealthInput): HealthCheck[] {
  const flags = [...map.flags].sort();
  return raiseIfAny(
    'OSDMAP_FLAGS',
    flags.map((flag) => `flag ${flag} is set`),
    `${flags.join(',')} set`,
  );
}

function checkDownOut({ map, settings }: HealthInput): HealthCheck[] {
  if (settings.downOutMs > 0 || map.osds.size === 0) return [];
  const summary = 'mon_osd_down_out_interval is 0: OSDs that are down stay in';
  return [raise('OSD_NO_DOWN_OUT_INTERVAL', { summary, detail: [], count: 1 })];
}

/** What Ceph asks for at least, too: the profile of Firefly. */
function checkTunables({ map: { crush, pools } }: HealthInput): HealthCheck[] {
  const { tunables } = crush;
  const { firefly } = tunablesProfiles;
  if (pools.size === 0) return [];
  const detail: string[] = [];
  if (tunables.chooseLocalTries > 0) detail.push('choose_local_tries should be 0');
  if (tunables.chooseLocalFallbackTries > 0) detail.push('choose_local_fallback_tries should be 0');
  if (tunables.chooseTotalTries < firefly.chooseTotalTries) detail.push('choose_total_tries should be 50 or more');
  if (tunables.chooseleafDescendOnce === 0) detail.push('chooseleaf_descend_once should be 1');
  if (tunables.chooseleafVaryR === 0) detail.push('chooseleaf_vary_r should be 1');
  return raiseIfAny('OLD_CRUSH_TUNABLES', detail, 'the CRUSH map has tunables from before Firefly');
}
