/** What the failure detector can be told; each field names its option of the central config. */
import { invariant } from '../../base/invariant.js';
import { beaconIntervalMs, heartbeatIntervalMs } from '../../protocol/heartbeat-times.js';

export interface FailureSettings {
  /** `osd_heartbeat_grace`: silence, as a reporter saw it, before its report counts. More rides out longer pauses. */
  readonly silenceGraceMs: number;
  /** `mon_osd_min_down_reporters`: failure domains that must agree, where so many could. */
  readonly domainsNeeded: number;
  /** `mon_osd_reporter_subtree_level`: the CRUSH type of those domains. */
  readonly domainLevel: string;
  /** `osd_beacon_grace`: an OSD that nobody reports is down after so long without a beacon of its own. */
  readonly beaconGraceMs: number;
  /** `mon_osd_down_out_interval`: from down to out; 0 for never. */
  readonly downOutMs: number;
  /** `mon_osd_min_in_ratio`: the detector marks nothing out that would leave a smaller share of all OSDs in. */
  readonly inRatioMin: number;
  /** `mon_osd_down_out_subtree_limit`: a whole subtree of this type or a higher one that is down stays in. */
  readonly downOutSubtreeLimit: string;
}

/** Five intervals: four reports in a row may be lost before a witness falls silent. */
export const reportLifeMs = 5_000;
/**
 * After three missed beacons an OSD is not counted as a witness, and nobody's word about it is doubted. Shorter than the
 * grace for silence: when the reports about a dead OSD come in, its beacons are known to be missing.
 */
export const beaconOverdueMs = 3 * beaconIntervalMs;
/**
 * When the beacons of more than half of all up OSDs are missing, more likely the way to the monitors is cut than so many
 * OSDs are dead; those still serve clients. Waits so many times the grace. Dead ones are reported by the survivors.
 */
export const massBeaconFactor = 4;
/** How long accusations that convince nobody may last until the detector decides (stalemate.ts). */
export const stalemateMs = 5_000;
/** A mark that was asked for and is not in the map by then is asked for again: its proposal may have been refused. */
export const repeatMs = 1_000;
/** The detector wants a tick so often; after a gap of `stallMs` it starts anew, since it cannot know what it missed. */
export const tickIntervalMs = 250;
export const stallMs = 2_000;
/**
 * A new leader watches so long before it marks anything out, however long ago that went down: after a power cut everything
 * was down for hours and boots one by one. At most `downOutMs`.
 */
export const outSettleMs = 300_000;
/** Reports kept per reporter; an OSD with more silent peers than this is not a witness of anything but its own isolation. */
export const reportsPerReporterMax = 256;

/** From the last sign of life to the map: what a hang costs at most (DESIGN.md section 1: below 5 s). */
export const reportTravelMs = 500;
export const commitMs = 300;
export function hangDetectedMs(settings: Pick<FailureSettings, 'silenceGraceMs'>): number {
  return settings.silenceGraceMs + heartbeatIntervalMs + reportTravelMs + commitMs;
}

export const defaultFailureSettings: FailureSettings = checkFailureSettings({
  silenceGraceMs: 3_500,
  domainsNeeded: 2,
  domainLevel: 'host',
  beaconGraceMs: 30_000,
  downOutMs: 600_000,
  inRatioMin: 0.75,
  downOutSubtreeLimit: 'rack',
});

/** What the config parser must have established. Throws `InvariantError` otherwise; gives back what it got. */
export function checkFailureSettings(settings: FailureSettings): FailureSettings {
  const { silenceGraceMs, domainsNeeded, beaconGraceMs, downOutMs, inRatioMin } = settings;
  invariant(silenceGraceMs >= heartbeatIntervalMs, 'the grace is at least a heartbeat', { silenceGraceMs });
  invariant(Number.isInteger(domainsNeeded) && domainsNeeded >= 1, 'somebody has to report', { domainsNeeded });
  invariant(beaconGraceMs >= 2 * beaconOverdueMs, 'missing beacons disarm before they convict', { beaconGraceMs });
  invariant(downOutMs >= 0, 'an interval is not negative', { downOutMs });
  invariant(inRatioMin >= 0 && inRatioMin <= 1, 'a ratio is 0 to 1', { inRatioMin });
  return settings;
}
