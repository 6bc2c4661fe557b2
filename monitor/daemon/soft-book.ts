/** What this monitor was told lately, and what follows from it: the source of `SoftState`. */
import type { MonotonicMs, WallMs } from '../../base/instants.js';
import { type OsdId, osdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { OsdBeacon, VitalsReport } from '../../protocol/monitor-methods.js';
import type { RaftStatus } from '../raft/output.js';
import type { MonitorVitals, OsdVitals, SoftState } from '../soft-state.js';

/** Reports come every second; what is older says nothing about now. */
const staleMs = 10_000;

interface Told {
  readonly report: VitalsReport;
  readonly clockOffsetMs: number;
  readonly at: MonotonicMs;
}

export class SoftBook {
  readonly #monitors = new Map<string, Told>();
  readonly #osds = new Map<OsdId, OsdVitals>();
  #pruned: Pick<ClusterMap, 'monitors' | 'osds'> | undefined;

  /** `rttMs` of the connection that it came over: half of it is the age of the clock in the report. */
  noteMonitor(report: VitalsReport, now: { readonly at: MonotonicMs; readonly wall: WallMs }, rttMs: number): void {
    this.#monitors.set(report.name, { report, clockOffsetMs: report.clock + rttMs / 2 - now.wall, at: now.at });
  }

  noteOsd({ osd, usedBytes, totalBytes, loopDelayMs, slowOps }: OsdBeacon, heardAt: WallMs): void {
    this.#osds.set(osdId(osd), { usedBytes, totalBytes, loopDelayMs, slowOps, heardAt });
  }

  /** Forgets whoever is not in the map any more. */
  prune(map: Pick<ClusterMap, 'monitors' | 'osds'>): void {
    if (this.#pruned?.monitors === map.monitors && this.#pruned.osds === map.osds) return;
    this.#pruned = { monitors: map.monitors, osds: map.osds };
    for (const name of this.#monitors.keys()) if (!map.monitors.has(name)) this.#monitors.delete(name);
    for (const id of this.#osds.keys()) if (!map.osds.has(id)) this.#osds.delete(id);
  }

  state(map: ClusterMap, raft: RaftStatus, self: string, now: MonotonicMs): SoftState {
    const byMember = new Map([...map.monitors.values()].map((monitor) => [monitor.member, monitor.name]));
    const isLeader = raft.role === 'leader';
    const active = new Set(raft.progress.filter(({ isActive }) => isActive).map(({ member }) => member as number));
    const monitors = [...map.monitors.values()].map(({ name, member, role }): MonitorVitals => {
      const told = this.#monitors.get(name);
      const report = told !== undefined && now - told.at <= staleMs ? told.report : undefined;
      const isHere = name === self || active.has(member);
      return {
        name,
        isInQuorum: role === 'voter' && isLeader && isHere,
        clockOffsetMs: report === undefined ? undefined : told?.clockOffsetMs,
        diskFreeBytes: report?.diskFreeBytes,
        diskTotalBytes: report?.diskTotalBytes,
        storeBytes: report?.storeBytes,
        loopDelayMs: report?.loopDelayMs,
        version: report?.version,
      };
    });
    return {
      raft,
      hasQuorum: raft.leader !== undefined,
      leaderName: raft.leader === undefined ? undefined : byMember.get(raft.leader),
      monitors,
      osds: this.#osds,
    };
  }
}
