/** Three monitors at 10.0.0.1 to 10.0.0.3, all in quorum, `a` leading. */
import type { MapChange } from '../../../cluster/change.js';
import type { MonitorVitals, SoftState } from '../../../monitor/soft-state.js';
import { idleSoftState } from './idle-soft-state.js';

export function threeMonitors(): MapChange[] {
  return ['a', 'b', 'c'].map((name, i) => ({
    kind: 'monitor',
    monitor: { name, member: i + 1, address: { host: `10.0.0.${i + 1}`, port: 7000 }, role: 'voter' },
  }));
}

/** As the leader knows the monitors named, `down` being those that it does not hear. */
export function softOf(names: readonly string[], { down = [] as readonly string[], leader = 'a' } = {}): SoftState {
  const hasQuorum = names.length - down.length > names.length / 2;
  return {
    ...idleSoftState(),
    hasQuorum,
    leaderName: hasQuorum ? leader : undefined,
    monitors: names.map((name) => vitals(name, !down.includes(name))),
  };
}

function vitals(name: string, isInQuorum: boolean): MonitorVitals {
  return {
    name,
    isInQuorum,
    clockOffsetMs: isInQuorum ? 0.25 : undefined,
    diskFreeBytes: isInQuorum ? 50 * 2 ** 30 : undefined,
    diskTotalBytes: isInQuorum ? 100 * 2 ** 30 : undefined,
    storeBytes: isInQuorum ? 12_345_678 : undefined,
    loopDelayMs: isInQuorum ? 1 : undefined,
    version: isInQuorum ? '0.1.0' : undefined,
  };
}
