/**
 * How the cluster is: `cairn status`, `health`, `versions`, `features`, `fsid`. The names of fields are Ceph's and a
 * contract (DESIGN.md section 9): they are printed as they are.
 */
import * as z from 'zod/mini';
import { defineChange, defineQuery } from '../command.js';

/** `cairn health --json`: Ceph's field names (`ceph health detail --format json`), and the advice. */
export interface ClusterHealth {
  readonly status: 'HEALTH_OK' | 'HEALTH_WARN' | 'HEALTH_ERR';
  /** By code, errors first. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
  readonly mutes: readonly HealthMuteShown[];
}

export interface HealthCheck {
  readonly severity: 'HEALTH_WARN' | 'HEALTH_ERR';
  readonly summary: { readonly message: string; readonly count: number };
  readonly muted: boolean;
  readonly advice: string;
  /** When it was asked for. */
  readonly detail?: readonly { readonly message: string }[];
  /** With `detail`: things that have no line there. The last line says the same in words. */
  readonly detail_omitted?: number;
}

export interface HealthMuteShown {
  readonly code: string;
  readonly sticky: boolean;
  /** Milliseconds since 1970; absent when it does not expire. */
  readonly until_ms?: number;
  readonly count: number;
}

/** `cairn status --json`. */
export interface ClusterStatus {
  readonly fsid: string;
  readonly health: ClusterHealth;
  /** Ceph's name for `term`. */
  readonly election_epoch: number;
  readonly term: number;
  /** Ranks: places among the monitors by name. */
  readonly quorum: readonly number[];
  readonly quorum_names: readonly string[];
  /** Empty without one. */
  readonly quorum_leader_name: string;
  /** Seconds; absent while not known. */
  readonly quorum_age?: number;
  readonly monmap: {
    readonly epoch: number;
    readonly num_mons: number;
    /** Names. */
    readonly quorum: readonly string[];
    readonly mons: readonly MonitorStatus[];
  };
  readonly osdmap: {
    readonly epoch: number;
    readonly num_osds: number;
    readonly num_up_osds: number;
    readonly num_in_osds: number;
    readonly num_remapped_pgs: number;
    readonly flags: readonly string[];
  };
  readonly pgmap: PgsStatus;
}

export interface MonitorStatus {
  readonly rank: number;
  readonly name: string;
  readonly addr: string;
  readonly role: 'voter' | 'learner';
}

export interface PgsStatus {
  readonly num_pgs: number;
  readonly num_pools: number;
  readonly num_objects: number;
  /** PGs per state; they add up to `num_pgs`. */
  readonly states: Readonly<Record<string, number>>;
  readonly pgs_by_state: readonly { readonly state_name: string; readonly count: number }[];
  /** Copies that are missing and that are in the wrong place, of `total_copies`. */
  readonly degraded_objects: number;
  readonly misplaced_objects: number;
  readonly unfound_objects: number;
  readonly total_copies: number;
  readonly degraded_ratio: number;
  readonly misplaced_ratio: number;
  /** To be copied until the copies are where they should be, as far as there are OSDs for them; per second, now. */
  readonly recovery_objects_left: number;
  readonly recovery_bytes_left: number;
  readonly recovering_objects_per_sec: number;
  readonly recovering_bytes_per_sec: number;
  /** At the pace of the last ten seconds; null when there is nothing to do, or no pace. */
  readonly recovery_eta_seconds: number | null;
  /** The same of each pool that has something left, or is being worked at; those with most left first. */
  readonly recovering_pools: readonly RecoveringPool[];
  /** What clients stored, once. */
  readonly data_bytes: number;
  /** Of the disks, all copies counted. */
  readonly bytes_used: number;
  readonly bytes_avail: number;
  readonly bytes_total: number;
}

/** Names as in `PgsStatus`. */
export interface RecoveringPool {
  readonly pool_id: number;
  readonly pool_name: string;
  readonly recovery_objects_left: number;
  readonly recovery_bytes_left: number;
  readonly recovering_objects_per_sec: number;
  readonly recovering_bytes_per_sec: number;
  readonly recovery_eta_seconds: number | null;
}

export const clusterStatus = defineQuery<ClusterStatus>()('status', { access: 'r', args: z.strictObject({}) });

export const clusterHealth = defineQuery<ClusterHealth>()('health', {
  access: 'r',
  args: z.strictObject({ detail: z.boolean() }),
});

const code = z.string().check(z.minLength(1), z.maxLength(64));
/** Longer than anybody remembers why. */
const ttlMsMax = 10 * 365 * 86_400_000;

export const healthMute = defineChange<{ readonly code: string; readonly until: number | undefined }>()('health.mute', {
  access: 'w',
  args: z.strictObject({
    code,
    ttlMs: z.optional(z.int().check(z.gte(1), z.lte(ttlMsMax))),
    isSticky: z.boolean(),
  }),
});

export const healthUnmute = defineChange<{ readonly wasMuted: boolean }>()('health.unmute', {
  access: 'w',
  args: z.strictObject({ code }),
});

export interface DaemonVersions {
  /** `mon`, `osd`. */
  readonly type: string;
  readonly version: string;
  readonly count: number;
}

export const daemonVersions = defineQuery<{ readonly versions: readonly DaemonVersions[] }>()('versions', {
  access: 'r',
  args: z.strictObject({}),
});

export interface FeatureSets {
  /** Who lacks one of these bits may not take part. */
  readonly required: number;
  readonly daemons: readonly {
    readonly type: string;
    readonly features: number;
    readonly count: number;
    /** Of `required`, the bits that these lack. */
    readonly missing: number;
  }[];
}

export const featureSets = defineQuery<FeatureSets>()('features', { access: 'r', args: z.strictObject({}) });

export const clusterFsid = defineQuery<{ readonly fsid: string }>()('fsid', {
  access: 'r',
  args: z.strictObject({}),
});
