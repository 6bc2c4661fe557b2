/** What the health checks see, and what they say. */
import type { WallMs } from '../../base/instants.js';
import type { OsdId, PgId, PoolId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { Topology } from '../../cluster/topology.js';
import type { ParkedBeacon, PoolRecoveryRow, RecoveryRates } from '../../protocol/monitor-methods.js';
import type { HealthCode, HealthSeverity } from './codes.js';
import type { HealthSettings } from './settings.js';

export type HealthMap = Pick<ClusterMap, 'epoch' | 'osds' | 'crush' | 'pools' | 'flags' | 'monitors'>;

export interface HealthInput {
  readonly map: HealthMap;
  /** Of `map.crush`; it changes seldom, so the caller keeps it. */
  readonly topology: Topology;
  readonly now: WallMs;
  readonly settings: HealthSettings;
  /** False on a monitor that belongs to no majority: the rest is then what it knew last. */
  readonly hasQuorum: boolean;
  /** By name. One of the map that is missing here is down. */
  readonly monitors: ReadonlyMap<string, MonitorHealth>;
  /** From beacons; an OSD that has not reported to this leader yet is missing, and nothing is said about its values. */
  readonly osds: ReadonlyMap<OsdId, OsdHealth>;
  /** From primaries, or from records until they report. A pool that is missing has all its PGs `unknown`. */
  readonly pools: ReadonlyMap<PoolId, PoolHealth>;
  /** How often each went down lately: `FailureDetector.flapping()`. */
  readonly flapping: ReadonlyMap<OsdId, number>;
  /** Not archived. */
  readonly crashes: readonly CrashReport[];
  /** Since when daemons of more than one version are running. */
  readonly mixedVersionsSince: WallMs | undefined;
  readonly mutes: readonly HealthMute[];
}

export interface MonitorHealth {
  /** A voter in the quorum, or a learner that follows. */
  readonly isUp: boolean;
  /** Its wall clock minus the leader's; `undefined` until measured. */
  readonly clockOffsetMs: number | undefined;
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number; readonly storeBytes: number } | undefined;
  readonly version: string | undefined;
  /** The longest of the last minute. */
  readonly loopDelayMs: number | undefined;
  readonly slowOps: SlowOps | undefined;
}

export interface SlowOps {
  readonly count: number;
  readonly oldestMs: number;
}

export interface OsdHealth {
  readonly usedBytes: number;
  readonly totalBytes: number;
  readonly slowOps: SlowOps;
  /** The longest of the last minute. */
  readonly loopDelayMs: number;
  /** Of now; `undefined` when it did not say. */
  readonly recovery: RecoveryRates | undefined;
  /** The same by pool. */
  readonly recoveryOfPools?: readonly PoolRecoveryRow[] | undefined;
  /** PGs of async pools that it leads whose writes wait for a member that is behind by `max_lag`, now. */
  readonly lagging: number;
  /** Writes that failovers cut off, kept in its store; `undefined` while it did not say. */
  readonly parked: ParkedBeacon | undefined;
}

/** Sums over the PGs of a pool, kept up to date by whoever receives reports. */
export interface PoolHealth {
  /** PGs per state; they add up to `pgNum` together with those nobody reported, which are `unknown`. */
  readonly states: ReadonlyMap<string, number>;
  /** Some of the PGs that are not `active+clean`, for details; bounded by the caller. */
  readonly examples: readonly PgExample[];
  readonly objects: number;
  readonly storedBytes: number;
  /** Copies that are missing, copies that are in the wrong place. */
  readonly degradedObjects: number;
  readonly misplacedObjects: number;
  /** To be copied, by copy: what is missing or misplaced, as far as there are OSDs for it. */
  readonly leftObjects: number;
  readonly leftBytes: number;
  readonly unfoundObjects: number;
  readonly scrubErrors: number;
  /** PGs that acknowledge by another mode than the pool's. */
  readonly otherMode: number;
  /** PGs whose scrub is overdue. */
  readonly notScrubbed: number;
  readonly notDeepScrubbed: number;
}

export interface PgExample {
  readonly pg: PgId;
  readonly state: string;
  readonly acting: readonly OsdId[];
}

export interface CrashReport {
  /** `osd.3`. */
  readonly daemon: string;
  readonly at: WallMs;
  readonly reason: string;
}

export interface HealthCheck {
  readonly code: HealthCode;
  readonly severity: HealthSeverity;
  readonly summary: string;
  /** How many things it is about: a mute ends when it grows. */
  readonly count: number;
  /** At most `detailLinesMax` lines and one that says how many more. */
  readonly detail: readonly string[];
  /** How many more: 0 when each has its line. */
  readonly more: number;
  readonly advice: string;
  /** Shown, and does not count. */
  readonly isMuted: boolean;
}

export interface HealthMute {
  readonly code: HealthCode;
  /** `undefined`: until it ends otherwise. */
  readonly until: WallMs | undefined;
  /** Goes on when the check clears or gets worse. */
  readonly isSticky: boolean;
  /** The check's, the lowest since it was muted: more than that is worse. 0 for a sticky one of a check not raised. */
  readonly count: number;
}

export type HealthStatus = 'HEALTH_OK' | 'HEALTH_WARN' | 'HEALTH_ERR';

export interface HealthReport {
  /** Of the checks that are not muted. */
  readonly status: HealthStatus;
  /** Errors first, then by code. */
  readonly checks: readonly HealthCheck[];
  /** Those that go on; to be stored when they differ from the input's. */
  readonly mutes: readonly HealthMute[];
  readonly mutesEnded: readonly { readonly code: HealthCode; readonly why: 'expired' | 'cleared' | 'worse' }[];
}
