/** Thresholds of the health checks; each field names its option of the central config. */

const gib = 2 ** 30;
const dayMs = 86_400_000;

export interface HealthSettings {
  /** `mon_clock_drift_allowed`. */
  readonly clockOffsetMsMax: number;
  /** `mon_data_avail_warn`, `mon_data_avail_crit`: free share of a monitor's file system. */
  readonly monitorFreeRatioLow: number;
  readonly monitorFreeRatioCritical: number;
  /** `mon_data_size_warn`. */
  readonly monitorStoreBytesMax: number;
  /** `mon_osd_nearfull_ratio`, `mon_osd_backfillfull_ratio`, `mon_osd_full_ratio`. */
  readonly nearfullRatio: number;
  readonly backfillfullRatio: number;
  readonly fullRatio: number;
  /** `mon_osd_down_out_interval`; 0 for never. */
  readonly downOutMs: number;
  /** `osd_pool_default_size`. */
  readonly defaultSize: number;
  /** `mon_pool_quota_warn_threshold`: share of a quota. */
  readonly quotaWarnRatio: number;
  /** `mon_max_pg_per_osd`, `mon_target_pg_per_osd`: copies of PGs per OSD. */
  readonly pgsPerOsdMax: number;
  readonly pgsPerOsdTarget: number;
  /** DESIGN.md section 8. */
  readonly loopDelayMsMax: number;
  /** `mon_warn_older_version_delay`. */
  readonly mixedVersionsMs: number;
  /** `mgr/crash/warn_recent_interval`. */
  readonly crashRecentMs: number;
}

export const defaultHealthSettings: HealthSettings = {
  // Ten times Ceph's: no lease here rests on wall clocks, and dates of locks and lifecycles are days and seconds.
  clockOffsetMsMax: 500,
  monitorFreeRatioLow: 0.3,
  monitorFreeRatioCritical: 0.05,
  monitorStoreBytesMax: 15 * gib,
  nearfullRatio: 0.85,
  backfillfullRatio: 0.9,
  fullRatio: 0.95,
  downOutMs: 600_000,
  defaultSize: 3,
  quotaWarnRatio: 0.8,
  pgsPerOsdMax: 250,
  pgsPerOsdTarget: 100,
  loopDelayMsMax: 250,
  mixedVersionsMs: 7 * dayMs,
  crashRecentMs: 14 * dayMs,
};
