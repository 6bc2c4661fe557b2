/** What this monitor was told lately, and what follows from it: the source of `SoftState`. */
import type { MonotonicMs, WallMs } from '../../base/instants.js';
import { type OsdId, osdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { OsdBeacon, VitalsReport } from '../../protocol/monitor-methods.js';
import { type PgReportRow, pgReportOfRow } from '../../protocol/pg-reports.js';
import type { RaftStatus } from '../raft/output.js';
import type { MonitorVitals, OsdVitals, SoftState } from '../soft-state.js';
import { PgBook } from './pg-book.js';

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
  readonly #pgs = new PgBook();
  #pruned: Pick<ClusterMap, 'monitors' | 'osds' | 'pools'> | undefined;

  /** `rttMs` of the connection that it came over: half of it is the age of the clock in the report. */
  noteMonitor(report: VitalsReport, now: { readonly at: MonotonicMs; readonly wall: WallMs }, rttMs: number): void {
    this.#monitors.set(report.name, { report, clockOffsetMs: report.clock + rttMs / 2 - now.wall, at: now.at });
  }

  noteOsd(beacon: OsdBeacon, heardAt: WallMs): void {
    const { osd, usedBytes, totalBytes, loopDelayMs, slowOps, recovery, recoveryOfPools, lagging, parked } = beacon;
    const vitals = { usedBytes, totalBytes, loopDelayMs, slowOps, heardAt, recovery, recoveryOfPools, lagging };
    // One that has just started does not know yet what it had parked before.
    const known = parked ?? this.#osds.get(osdId(osd))?.parked;
    this.#osds.set(osdId(osd), { ...vitals, parked: known });
  }

  /** Of PGs that `osd` leads by their records, in the term of the record: whatever else it says is late. */
  notePgs(osd: OsdId, rows: readonly PgReportRow[], { records }: Pick<ClusterMap, 'records'>): void {
    for (const row of rows) {
      const report = pgReportOfRow(row);
      const record = records.get(report.pg);
      if (record?.term === report.term && record.acting[0]?.osd === osd) this.#pgs.take(report);
    }
  }

  /** This monitor leads from now on: what it heard before is not how things are. */
  beginLead(): void {
    this.#pgs.age();
  }

  /** Forgets whoever is not in the map any more. */
  prune(map: Pick<ClusterMap, 'monitors' | 'osds' | 'pools'>): void {
    const { monitors, osds, pools } = map;
    if (this.#pruned?.monitors === monitors && this.#pruned.osds === osds && this.#pruned.pools === pools) return;
    this.#pruned = { monitors, osds, pools };
    this.#pgs.prune(pools);
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
      pgs: this.#pgs,
    };
  }
}
