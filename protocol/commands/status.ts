/**
 * How the cluster is: `cairn status`, `health`, `versions`, `features`, `fsid`. The names of fields are Ceph's and a
 * contract (DESIGN.md section 9): they are printed as they are.
 */
import * as z from 'zod/mini';
import { defineChange, defineQuery } from '../command.js';

export interface ClusterHealth {
  readonly status: 'HEALTH_OK' | 'HEALTH_WARN' | 'HEALTH_ERR';
  /** By code, errors first. */
  readonly checks: Readonly<
    Record<
      string,
      {
        readonly severity: 'HEALTH_WARN' | 'HEALTH_ERR';
        readonly summary: { readonly message: string; readonly count: number };
        readonly muted: boolean;
        readonly advice: string;
        /** When it was asked for. */
        readonly detail?: readonly { readonly message: string }[];
      }
    >
  >;
  readonly mutes: readonly {
    readonly code: string;
    readonly sticky: boolean;
    /** Milliseconds since 1970; absent when it does not expire. */
    readonly until_ms?: number;
    readonly count: number;
  }[];
}

export interface ClusterStatus {
  readonly fsid: string;
  readonly health: ClusterHealth;
  readonly election_epoch: number;
  readonly term: number;
  readonly quorum: readonly number[];
  readonly quorum_names: readonly string[];
  /** Empty without one. */
  readonly quorum_leader_name: string;
  /** Seconds; absent while not known. */
  readonly quorum_age?: number;
  readonly monmap: {
    readonly epoch: number;
    readonly num_mons: number;
    readonly quorum: readonly string[];
    readonly mons: readonly {
      readonly rank: number;
      readonly name: string;
      readonly addr: string;
      readonly role: 'voter' | 'learner';
    }[];
  };
  readonly osdmap: {
    readonly epoch: number;
    readonly num_osds: number;
    readonly num_up_osds: number;
    readonly num_in_osds: number;
    readonly num_remapped_pgs: number;
    readonly flags: readonly string[];
  };
  readonly pgmap: {
    readonly num_pgs: number;
    readonly num_pools: number;
    readonly num_objects: number;
    readonly states: Readonly<Record<string, number>>;
    readonly pgs_by_state: readonly { readonly state_name: string; readonly count: number }[];
    readonly degraded_objects: number;
    readonly misplaced_objects: number;
    readonly unfound_objects: number;
    readonly total_copies: number;
    readonly degraded_ratio: number;
    readonly misplaced_ratio: number;
    readonly data_bytes: number;
    readonly bytes_used: number;
    readonly bytes_avail: number;
    readonly bytes_total: number;
  };
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
