import { effectiveConfig } from '../../cluster/config.js';
import type { ClusterMap } from '../../cluster/map.js';
import { heartbeatIntervalMs } from '../../protocol/heartbeat-times.js';
import { beaconOverdueMs, type FailureSettings } from './settings.js';

/** What the central config says to the failure detector; its bounds are those of the table of options, and these. */
export function failureSettingsOf(map: Pick<ClusterMap, 'config'>): FailureSettings {
  const { values } = effectiveConfig(map, 'mon');
  return {
    silenceGraceMs: Math.max(values.osd_heartbeat_grace, heartbeatIntervalMs),
    domainsNeeded: values.mon_osd_min_down_reporters,
    domainLevel: values.mon_osd_reporter_subtree_level,
    beaconGraceMs: Math.max(values.osd_beacon_grace, 2 * beaconOverdueMs),
    downOutMs: values.mon_osd_down_out_interval,
    inRatioMin: values.mon_osd_min_in_ratio,
    downOutSubtreeLimit: values.mon_osd_down_out_subtree_limit,
  };
}
