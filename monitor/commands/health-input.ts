/** What the health checks see, out of what a command sees. */
import type { WallMs } from '../../base/instants.js';
import { effectiveConfig } from '../../cluster/config.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { CrushMap } from '../../crush/types.js';
import type { RecoveryRates } from '../../protocol/monitor-methods.js';
import { type HealthCode, healthCodeInfo } from '../health/codes.js';
import { type HealthSettings, defaultHealthSettings } from '../health/settings.js';
import type { HealthInput, MonitorHealth, OsdHealth } from '../health/types.js';
import type { MonitorVitals, OsdVitals } from '../soft-state.js';
import type { HealthMute } from '../state/types.js';
import { Topology } from '../../cluster/topology.js';
import { PoolsHealth } from './pool-health.js';
import type { CommandContext } from './types.js';

/** What an OSD did per second says nothing about now when it is older: beacons come every second. */
const ratesMs = 10_000;

/** Makes inputs; keeps the topology of the CRUSH map that it saw last, and how its PGs were. */
export class HealthInputs {
  #crush: CrushMap | undefined;
  #topology: Topology | undefined;
  readonly #pools = new PoolsHealth();

  /** At the wall time of the command. */
  async of(context: CommandContext): Promise<HealthInput> {
    const { state, soft, wall } = context;
    const { map, mutes } = state;
    const pools = await this.#pools.of(context);
    return {
      map,
      topology: this.#topologyOf(map.crush),
      now: wall,
      settings: healthSettings(map),
      hasQuorum: soft.hasQuorum,
      monitors: new Map(soft.monitors.map((vitals) => [vitals.name, monitorHealth(vitals)])),
      osds: new Map([...soft.osds].map(([id, vitals]) => [id, osdHealth(vitals, wall)])),
      pools,
      flapping: new Map(),
      crashes: [],
      mixedVersionsSince: undefined,
      mutes: [...mutes.values()].flatMap(knownMute),
    };
  }

  #topologyOf(crush: CrushMap): Topology {
    if (this.#topology === undefined || this.#crush !== crush) this.#topology = new Topology(crush);
    this.#crush = crush;
    return this.#topology;
  }
}

/** Codes of a later version are left alone. */
function knownMute({ code, until, isSticky, count }: HealthMute): HealthInput['mutes'][number][] {
  if (healthCodeInfo(code) === undefined) return [];
  // The table has it.
  return [{ code: code as HealthCode, until: until === 0 ? undefined : until, isSticky, count }];
}

/** As `cairn config` has them for the monitors. */
export function healthSettings(map: Pick<ClusterMap, 'config'>): HealthSettings {
  const { values } = effectiveConfig(map, 'mon');
  return {
    ...defaultHealthSettings,
    clockOffsetMsMax: values.mon_clock_drift_allowed,
    nearfullRatio: values.mon_osd_nearfull_ratio,
    backfillfullRatio: values.mon_osd_backfillfull_ratio,
    fullRatio: values.mon_osd_full_ratio,
    downOutMs: values.mon_osd_down_out_interval,
    defaultSize: values.osd_pool_default_size,
    pgsPerOsdMax: values.mon_max_pg_per_osd,
  };
}

function monitorHealth(vitals: MonitorVitals): MonitorHealth {
  const { isInQuorum, clockOffsetMs, diskFreeBytes, diskTotalBytes, storeBytes, version, loopDelayMs } = vitals;
  const isDiskKnown = diskFreeBytes !== undefined && diskTotalBytes !== undefined;
  return {
    isUp: isInQuorum,
    clockOffsetMs,
    disk: isDiskKnown
      ? { freeBytes: diskFreeBytes, totalBytes: diskTotalBytes, storeBytes: storeBytes ?? 0 }
      : undefined,
    version,
    loopDelayMs,
    slowOps: undefined,
  };
}

/** What OSDs recover per second now. */
export function recoveryOf(context: Pick<CommandContext, 'soft' | 'wall'>): (RecoveryRates | undefined)[] {
  return recoveriesOf(context).map(({ recovery }) => recovery);
}

/** The same, with what is of which pool. */
export function recoveriesOf({ soft, wall }: Pick<CommandContext, 'soft' | 'wall'>): OsdHealth[] {
  return Array.from(soft.osds.values(), (vitals) => osdHealth(vitals, wall));
}

function osdHealth(vitals: OsdVitals, wall: WallMs): OsdHealth {
  const { usedBytes, totalBytes, loopDelayMs, slowOps, heardAt, parked } = vitals;
  const isOld = wall - heardAt > ratesMs;
  const { recovery, recoveryOfPools, lagging = 0 }: Partial<OsdVitals> = isOld ? {} : vitals;
  return {
    usedBytes,
    totalBytes,
    loopDelayMs,
    // Beacons say how many, not since when.
    slowOps: { count: slowOps, oldestMs: 0 },
    recovery,
    recoveryOfPools,
    lagging,
    parked,
  };
}
