/** `cairn status --json`: DESIGN.md section 9 fixes some of the names, the rest are Ceph's. A contract. */
import type { OsdId, PoolId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { Pool } from '../../cluster/pool.js';
import type { ClusterStatus, MonitorStatus, PgsStatus } from '../../protocol/commands/status.js';
import type { Term } from '../raft/types.js';
import { healthJson } from '../health/health-json.js';
import { hasWord, statesOf } from '../health/pg-states.js';
import { type Left, recoveringPools, recoveryJson } from './recovery-json.js';
import type { HealthReport, OsdHealth, PoolHealth } from '../health/types.js';

export interface StatusInput {
  readonly map: Pick<ClusterMap, 'epoch' | 'fsid' | 'monitors' | 'osds' | 'pools' | 'flags'>;
  readonly health: HealthReport;
  /** Of Raft. */
  readonly term: Term;
  /** Names of the voters in the quorum; empty without one. */
  readonly quorum: readonly string[];
  readonly leader: string | undefined;
  readonly osds: ReadonlyMap<OsdId, OsdHealth>;
  readonly pools: ReadonlyMap<PoolId, PoolHealth>;
}

export function statusJson(input: StatusInput): ClusterStatus {
  const { map, term } = input;
  const names = [...map.monitors.keys()].sort();
  const quorum = names.filter((name) => input.quorum.includes(name));
  const osds = [...map.osds.values()];
  const pgmap = pgmapJson(input);
  return {
    fsid: map.fsid,
    health: healthJson(input.health, { detail: false }),
    election_epoch: term,
    term,
    quorum: quorum.map((name) => names.indexOf(name)),
    quorum_names: quorum,
    quorum_leader_name: input.leader ?? '',
    monmap: { epoch: map.epoch, num_mons: names.length, quorum, mons: monitorsJson(map.monitors, names) },
    osdmap: {
      epoch: map.epoch,
      num_osds: osds.length,
      num_up_osds: osds.filter(({ isUp }) => isUp).length,
      num_in_osds: osds.filter(({ isIn }) => isIn).length,
      num_remapped_pgs: pgmap.pgs_by_state.reduce(
        (sum, { state_name, count }) => sum + (hasWord(state_name, 'remapped') ? count : 0),
        0,
      ),
      flags: [...map.flags].sort(),
    },
    pgmap,
  };
}

function monitorsJson(monitors: StatusInput['map']['monitors'], names: readonly string[]): MonitorStatus[] {
  return names.flatMap((name, rank) => {
    const monitor = monitors.get(name);
    if (monitor === undefined) return [];
    const { host, port } = monitor.address;
    return [{ rank, name, addr: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, role: monitor.role }];
  });
}

function pgmapJson({ map, pools, osds }: StatusInput): PgsStatus {
  const states = new Map<string, number>();
  const sums = { pgs: 0, objects: 0, copies: 0, degraded: 0, misplaced: 0, unfound: 0, stored: 0 };
  const left = { objects: 0, bytes: 0 };
  const lefts: [Pool, Left][] = [];
  for (const pool of map.pools.values()) {
    const stats = pools.get(pool.id);
    for (const [state, count] of statesOf(pool, stats)) {
      states.set(state, (states.get(state) ?? 0) + count);
      sums.pgs += count;
    }
    if (stats === undefined) continue;
    sums.objects += stats.objects;
    sums.copies += stats.objects * pool.size;
    sums.degraded += stats.degradedObjects;
    sums.misplaced += stats.misplacedObjects;
    sums.unfound += stats.unfoundObjects;
    sums.stored += stats.storedBytes;
    left.objects += stats.leftObjects;
    left.bytes += stats.leftBytes;
    lefts.push([pool, { objects: stats.leftObjects, bytes: stats.leftBytes }]);
  }
  const { used, total } = spaceOf(map.osds, osds);
  const sorted = [...states].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return {
    num_pgs: sums.pgs,
    num_pools: map.pools.size,
    num_objects: sums.objects,
    states: Object.fromEntries(sorted),
    pgs_by_state: sorted.map(([state_name, count]) => ({ state_name, count })),
    degraded_objects: sums.degraded,
    misplaced_objects: sums.misplaced,
    unfound_objects: sums.unfound,
    total_copies: sums.copies,
    degraded_ratio: sums.copies === 0 ? 0 : sums.degraded / sums.copies,
    misplaced_ratio: sums.copies === 0 ? 0 : sums.misplaced / sums.copies,
    ...recoveryJson(left, osds.values()),
    recovering_pools: recoveringPools(lefts, osds.values()),
    data_bytes: sums.stored,
    bytes_used: used,
    bytes_avail: Math.max(0, total - used),
    bytes_total: total,
  };
}

function spaceOf(
  known: ClusterMap['osds'],
  osds: StatusInput['osds'],
): { readonly used: number; readonly total: number } {
  let used = 0;
  let total = 0;
  for (const [id, { usedBytes, totalBytes }] of osds) {
    // What is on an OSD that is out is not room to write to.
    if (known.get(id)?.isIn !== true) continue;
    used += usedBytes;
    total += totalBytes;
  }
  return { used, total };
}
