/** How OSDs show that they live: what the monitors' failure detector counts with, and what OSDs do. */

/** Default of `osd_heartbeat_interval`; the detector's sums rest on it. */
export const heartbeatIntervalMs = 500;
/** A reporter repeats its report so often while what it reports lasts, so a report lost on the way costs one interval. */
export const reportIntervalMs = 1_000;
/** 1,000 OSDs make 1,000 small messages a second, a few per cent of the leader's core. */
export const beaconIntervalMs = 1_000;
