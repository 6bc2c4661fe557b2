/**
 * Every health check: what it means and what to do. The one place for both: reports, `cairn health detail` and
 * docs/health-checks.md take them from here. Codes are Ceph's where Ceph has one
 * (https://docs.ceph.com/en/latest/rados/operations/health-checks/), so that alerts move over; a code is never renamed
 * or reused.
 */

export type HealthSeverity = 'warn' | 'error';

export interface HealthCodeInfo {
  readonly severity: HealthSeverity;
  readonly meaning: string;
  /** Names the next command. */
  readonly advice: string;
}

export const healthCodes = {
  // Monitors.
  MON_NO_QUORUM: {
    severity: 'error',
    meaning: 'This monitor belongs to no majority: the map cannot change. Data stays available until a replica fails.',
    advice:
      'Start the missing monitors (`cairn monitor run`) and check the network between them with `cairn mon stat`.',
  },
  MON_DOWN: {
    severity: 'warn',
    meaning: 'A monitor is not part of the quorum. One more may cost the majority.',
    advice: 'Start it, or look at its log; `cairn mon stat` shows who is missing. Remove a lost one: `cairn mon rm`.',
  },
  MON_CLOCK_SKEW: {
    severity: 'warn',
    meaning: "A monitor's wall clock differs from the leader's. Lock and lifecycle dates follow the leader's clock.",
    advice: 'Repair time synchronisation (chrony, ntpd) on its machine; `cairn health detail` shows the difference.',
  },
  MON_DISK_LOW: {
    severity: 'warn',
    meaning: "The disk with a monitor's data has little room left.",
    advice: 'Free space on that file system or enlarge it; `cairn health detail` shows how much is left.',
  },
  MON_DISK_CRIT: {
    severity: 'error',
    meaning: "The disk with a monitor's data is nearly full: the monitor stops when it is.",
    advice: 'Free space on that file system now; `cairn health detail` shows how much is left.',
  },
  MON_DISK_BIG: {
    severity: 'warn',
    meaning: "A monitor's data is much larger than a map and its log need.",
    advice:
      'Restart that monitor, which compacts its log; if it stays large, its log says why (`cairn health detail`).',
  },

  // OSDs.
  OSD_DOWN: {
    severity: 'warn',
    meaning: 'An OSD that is in is down. Its data is on fewer disks than it should be.',
    advice:
      'Start it, or look at its log; `cairn osd tree` shows where it stands. Give up a lost disk: `cairn osd out`.',
  },
  'OSD_<TYPE>_DOWN': {
    severity: 'warn',
    meaning: 'All OSDs of one host, rack or other subtree are down (`OSD_HOST_DOWN`, `OSD_RACK_DOWN`).',
    advice: 'Look at power and network of that part of the cluster; `cairn osd tree` shows what stands there.',
  },
  OSD_FLAPPING: {
    severity: 'warn',
    meaning: 'An OSD went down several times within ten minutes. Each time its PGs stop for a moment and catch up.',
    advice: 'Look at its log, disk and network; keep it down meanwhile: stop it, then `cairn osd out`.',
  },
  OSD_ORPHAN: {
    severity: 'warn',
    meaning: 'The CRUSH map places data on an OSD that does not exist.',
    advice: 'Take it out of the hierarchy: `cairn crush rm osd.N`.',
  },
  OSD_OUT_OF_ORDER_FULL: {
    severity: 'error',
    meaning: 'The ratios nearfull, backfillfull and full do not ascend, or exceed 1.',
    advice: 'Set them in order with `cairn config set`; defaults are 0.85, 0.9 and 0.95.',
  },
  OSD_FULL: {
    severity: 'error',
    meaning: 'An OSD is full: writes to its PGs are refused. Deletes still work.',
    advice: 'Delete data or add OSDs; `cairn osd df` shows how full each is.',
  },
  OSD_BACKFILLFULL: {
    severity: 'warn',
    meaning: 'An OSD is too full to take in data that moves: recovery to it waits.',
    advice: 'Add OSDs or delete data; `cairn osd df` shows how full each is.',
  },
  OSD_NEARFULL: {
    severity: 'warn',
    meaning: 'An OSD will be full soon.',
    advice: 'Add OSDs or delete data; `cairn osd df` shows how full each is, `cairn osd reweight` moves some away.',
  },
  OSD_NO_DOWN_OUT_INTERVAL: {
    severity: 'warn',
    meaning: 'OSDs that stay down are never marked out, so lost copies are never made again by themselves.',
    advice: 'Set `cairn config set mon mon_osd_down_out_interval 600`, or mute this if it is meant.',
  },
  TOO_FEW_OSDS: {
    severity: 'warn',
    meaning: 'There are fewer OSDs than copies to keep.',
    advice: 'Add OSDs, or choose a smaller size: `cairn pool set POOL size N`.',
  },
  OSDMAP_FLAGS: {
    severity: 'warn',
    meaning: 'A flag keeps the cluster from something that it otherwise does by itself, or stops clients.',
    advice: 'Clear it when the maintenance is over: `cairn osd unset FLAG`.',
  },
  OLD_CRUSH_TUNABLES: {
    severity: 'warn',
    meaning: 'The CRUSH map uses tunables from before Ceph Firefly, which spread data worse.',
    advice: 'Choose newer ones: edit what `cairn crush get` gives, then `cairn crush set`; that moves data.',
  },

  // Pools.
  POOL_FULL: {
    severity: 'warn',
    meaning: 'A pool has reached its quota: writes to it are refused.',
    advice: 'Delete data, or raise it: `cairn pool set POOL quota_bytes SIZE`; `cairn health detail` shows the use.',
  },
  POOL_NEAR_FULL: {
    severity: 'warn',
    meaning: 'A pool is close to its quota.',
    advice: 'Delete data, or raise it: `cairn pool set POOL quota_objects N`; `cairn health detail` shows the use.',
  },
  POOL_NO_REDUNDANCY: {
    severity: 'warn',
    meaning: 'A pool keeps one copy: any disk that fails takes data with it.',
    advice: 'Keep more copies: `cairn pool set POOL size 3`. For data that may be lost, mute this.',
  },
  POOL_APP_NOT_ENABLED: {
    severity: 'warn',
    meaning: 'A pool holds objects, but nobody said what it is for.',
    advice: 'Say so: `cairn pool set POOL application s3` (or `volume`).',
  },
  POOL_TOO_FEW_PGS: {
    severity: 'warn',
    meaning: 'A pool holds much of the data in few PGs: its OSDs fill unevenly.',
    advice: 'Give it more: `cairn pool set POOL pg_num N`; `cairn health detail` names a number.',
  },
  POOL_MODE_PENDING: {
    severity: 'warn',
    meaning: 'PGs of a pool whose mode was changed still acknowledge writes as before.',
    advice:
      'Wait. A PG that is to acknowledge with more copies needs all its members up first; `cairn pg ls` shows the modes.',
  },
  TOO_MANY_PGS: {
    severity: 'warn',
    meaning: 'OSDs carry so many PGs that each failure costs much work and memory.',
    advice: 'Add OSDs, or remove pools that are not needed; `cairn pool ls` shows their PGs.',
  },

  // Data.
  PG_AVAILABILITY: {
    severity: 'warn',
    meaning: 'PGs cannot serve clients now, or nobody has told the monitors how they are.',
    advice: 'Start the OSDs that are down; `cairn pg ls` shows the PGs and whom they wait for.',
  },
  PG_LOST: {
    severity: 'error',
    meaning: 'No disk is left that is known to hold all of a PG.',
    advice:
      '`cairn pg accept-loss PG` shows what its OSDs still have of it, and goes on with the best; `cairn pg force PG OSD` with any.',
  },
  PG_DAMAGED: {
    severity: 'error',
    meaning: 'Copies of a PG differ or are damaged, and it could not be repaired from good ones yet.',
    advice:
      '`cairn pg ls --state inconsistent` shows which, `cairn pg scrub-report PG` what; `cairn pg repair PG` heals it.',
  },
  OSD_SCRUB_ERRORS: {
    severity: 'error',
    meaning: 'Scrubs found copies that differ or whose checksums are wrong.',
    advice:
      'See `cairn pg scrub-report PG`. Suspect a disk that returns there: `cairn osd out` takes its data elsewhere.',
  },
  OBJECT_UNFOUND: {
    severity: 'error',
    meaning: 'The newest version of an object is known, but no OSD that is up has it.',
    advice: 'Start the OSDs that are down; `cairn pg ls` shows the PGs concerned.',
  },
  PG_DEGRADED: {
    severity: 'warn',
    meaning: 'Some objects have fewer copies than they should. New ones are made as soon as there is a place.',
    advice: 'Start the OSDs that are down; `cairn status` shows how the recovery goes on.',
  },
  OBJECT_MISPLACED: {
    severity: 'warn',
    meaning: 'All copies exist, some of them not where CRUSH wants them. They move.',
    advice: 'Wait; `cairn status` shows how the move goes on.',
  },
  PG_BACKFILL_FULL: {
    severity: 'warn',
    meaning: 'Data cannot move or be copied, since the OSD that should take it is too full.',
    advice: 'Add OSDs or delete data; `cairn osd df` shows how full each is.',
  },
  PG_NOT_SCRUBBED: {
    severity: 'warn',
    meaning: 'The metadata of PGs was not compared for longer than planned.',
    advice:
      'Clear the flag noscrub if it is set (`cairn osd unset noscrub`); `cairn pg ls` shows the PGs and their OSDs.',
  },
  PG_NOT_DEEP_SCRUBBED: {
    severity: 'warn',
    meaning: 'The bytes of PGs were not read and compared for longer than planned.',
    advice: 'Clear the flag nodeep-scrub if it is set (`cairn osd unset nodeep-scrub`); `cairn pg ls` shows the PGs.',
  },
  PG_LAGGING: {
    severity: 'warn',
    meaning: 'Writes of an asynchronous pool wait, since a member of their PG is behind by all that max_lag allows.',
    advice:
      'Find the slow OSD with `cairn pg query PG` and mend or mark it out; or allow more: `cairn pool set POOL max_lag 30s`.',
  },
  PARKED_WRITES: {
    severity: 'warn',
    meaning: 'A failover of an asynchronous pool cut writes off. They are kept aside.',
    advice:
      'List them with `cairn pg parked ls`, save one with `cairn pg parked get`, then give it up: `cairn pg parked drop`.',
  },

  // Daemons.
  SLOW_OPS: {
    severity: 'warn',
    meaning: 'Requests have waited in a daemon for longer than 30 s.',
    advice: 'Look at the load and the disk of the daemons named by `cairn health detail`.',
  },
  LOOP_DELAY: {
    severity: 'warn',
    meaning: 'The event loop of a daemon stood still for more than 250 ms: its heartbeats and leases were late.',
    advice: 'See whether its machine lacks CPU or memory (swapping); `cairn health detail` names the daemons.',
  },
  DAEMON_OLD_VERSION: {
    severity: 'warn',
    meaning: 'Daemons of different versions have run side by side for more than a week.',
    advice: 'Finish the upgrade; `cairn versions` shows who runs what.',
  },
  RECENT_CRASH: {
    severity: 'warn',
    meaning: 'A daemon crashed in the last two weeks, and nobody has looked at it.',
    advice: 'Read the log of the daemon that `cairn health detail` names, then `cairn health mute RECENT_CRASH`.',
  },
} as const satisfies Record<string, HealthCodeInfo>;

/** `OSD_HOST_DOWN`, by the name of a CRUSH type. */
export type SubtreeDownCode = `OSD_${string}_DOWN`;
export type HealthCode = Exclude<keyof typeof healthCodes, 'OSD_<TYPE>_DOWN'> | SubtreeDownCode;

export function subtreeDownCode(typeName: string): SubtreeDownCode {
  return `OSD_${typeName.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_DOWN`;
}

/** `undefined` for what is no code. */
export function healthCodeInfo(code: string): HealthCodeInfo | undefined {
  const table: Readonly<Record<string, HealthCodeInfo>> = healthCodes;
  if (Object.hasOwn(table, code)) return table[code];
  return /^OSD_[A-Z0-9_]+_DOWN$/.test(code) ? healthCodes['OSD_<TYPE>_DOWN'] : undefined;
}
