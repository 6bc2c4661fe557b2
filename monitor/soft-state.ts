/** What the monitors know without having agreed on it: gone with a restart, learnt again within seconds. */
import type { WallMs } from '../base/instants.js';
import type { OsdId, PgId } from '../cluster/ids.js';
import type { Hearing } from '../protocol/hearing.js';
import type { ParkedBeacon, PoolRecoveryRow, RecoveryRates } from '../protocol/monitor-methods.js';
import type { PgReport } from '../protocol/pg-reports.js';
import type { RaftStatus } from './raft/output.js';

/** Of one monitor, as it told the leader (or as this one knows it, when there is no leader). */
export interface MonitorVitals {
  readonly name: string;
  readonly isInQuorum: boolean;
  /** Its wall clock minus the leader's; `undefined` while not measured. */
  readonly clockOffsetMs: number | undefined;
  readonly diskFreeBytes: number | undefined;
  readonly diskTotalBytes: number | undefined;
  readonly storeBytes: number | undefined;
  readonly loopDelayMs: number | undefined;
  readonly version: string | undefined;
}

/** As its last beacon said. */
export interface OsdVitals {
  readonly usedBytes: number;
  readonly totalBytes: number;
  readonly loopDelayMs: number;
  readonly slowOps: number;
  readonly heardAt: WallMs;
  /** Absent when it did not say. */
  readonly recovery?: RecoveryRates | undefined;
  readonly recoveryOfPools?: readonly PoolRecoveryRow[] | undefined;
  /** PGs that it leads whose writes wait for a member that is behind by `max_lag`. */
  readonly lagging?: number | undefined;
  /** What it said last, however long ago: it stays where it is while the OSD is down. */
  readonly parked?: ParkedBeacon | undefined;
}

export interface SoftState {
  readonly raft: RaftStatus;
  readonly hasQuorum: boolean;
  readonly leaderName: string | undefined;
  /** The leader's wall time when this quorum formed; absent while not known. */
  readonly quorumSince?: WallMs;
  /** Without a quorum only. */
  readonly hearing?: Hearing;
  readonly monitors: readonly MonitorVitals[];
  readonly osds: ReadonlyMap<OsdId, OsdVitals>;
  readonly pgs: PgReportView;
}

export interface PgReportView {
  /** Another one when anything changed. */
  readonly version: number;
  /** The newest, of whatever term. */
  get(pg: PgId): PgReport | undefined;
}

/** Nobody has reported. */
export const noPgReports: PgReportView = { version: 0, get: () => undefined };
