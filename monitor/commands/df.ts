/** `df`: beacons say how full OSDs are, primaries how much is in their PGs, records where those are. */
import type { OsdId } from '../../cluster/ids.js';
import type { Pool } from '../../cluster/pool.js';
import { clusterDf, type ClusterDf, type PoolSpace, type RawSpace } from '../../protocol/commands/df.js';
import type { OsdVitals } from '../soft-state.js';
import { healthSettings } from './health-input.js';
import type { CommandContext, CommandTable } from './types.js';

/** Between two turns of the event loop: about a millisecond's worth. */
const pgsPerSlice = 1_024;

export function registerDfCommand(table: CommandTable): void {
  table.onQuery(clusterDf, async (_args, context) => {
    const pools: PoolSpace[] = [];
    for (const pool of context.state.map.pools.values()) pools.push(await poolSpace(pool, context));
    return { ...rawSpace(context), pools };
  });
}

function rawSpace({ state: { map }, soft }: CommandContext): Pick<ClusterDf, 'total' | 'classes'> {
  const none: RawSpace = { osds: 0, totalBytes: 0, usedBytes: 0 };
  let total = none;
  const classes = new Map<string, RawSpace>();
  for (const { id, isIn } of map.osds.values()) {
    const vitals = soft.osds.get(id);
    if (!isIn || vitals === undefined) continue;
    const deviceClass = map.crush.devices.get(id)?.deviceClass ?? '';
    classes.set(deviceClass, plus(classes.get(deviceClass) ?? none, vitals));
    total = plus(total, vitals);
  }
  const sorted = [...classes].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    total,
    classes: sorted.map(([deviceClass, { osds, totalBytes, usedBytes }]) => ({
      deviceClass,
      osds,
      totalBytes,
      usedBytes,
    })),
  };
}

function plus({ osds, totalBytes, usedBytes }: RawSpace, more: OsdVitals): RawSpace {
  return { osds: osds + 1, totalBytes: totalBytes + more.totalBytes, usedBytes: usedBytes + more.usedBytes };
}

async function poolSpace(pool: Pool, context: CommandContext): Promise<PoolSpace> {
  const { state, soft } = context;
  const sums = { objects: 0, storedBytes: 0, usedBytes: 0 };
  /** PGs that each OSD acts in. */
  const copies = new Map<OsdId, number>();
  for (let number = 0; number < pool.pgNum; number += 1) {
    if (number % pgsPerSlice === pgsPerSlice - 1) await context.yieldTurn();
    const pg = { pool: pool.id, pg: number };
    const acting = state.map.records.get(pg)?.acting ?? [];
    const { objects, bytes } = soft.pgs.get(pg) ?? { objects: 0, bytes: 0 };
    sums.objects += objects;
    sums.storedBytes += bytes;
    sums.usedBytes += bytes * acting.length;
    for (const { osd } of acting) copies.set(osd, (copies.get(osd) ?? 0) + 1);
  }
  const { id, name, pgNum, size } = pool;
  return { id, name, pgs: pgNum, size, ...sums, availableBytes: available(pool, copies, context) };
}

/** What is stored is spread as the copies are, so the OSD that has the least room for its share decides. */
function available(
  { size }: Pool,
  copies: ReadonlyMap<OsdId, number>,
  { state: { map }, soft }: CommandContext,
): number | undefined {
  const { fullRatio } = healthSettings(map);
  const all = [...copies.values()].reduce((sum, count) => sum + count, 0);
  let least = Infinity;
  for (const [osd, count] of copies) {
    const vitals = soft.osds.get(osd);
    if (vitals === undefined) return undefined;
    const free = Math.max(0, vitals.totalBytes * fullRatio - vitals.usedBytes);
    least = Math.min(least, (free * all) / count);
  }
  return Number.isFinite(least) ? Math.floor(least / size) : 0;
}
