/** How recovery goes on: what is left, how fast it gets less, and when it is done at that pace. */
import type { PgsStatus } from '../../protocol/commands/status.js';
import type { RecoveryRates } from '../../protocol/monitor-methods.js';
import type { OsdHealth } from '../health/types.js';

type RecoveryStatus = Pick<
  PgsStatus,
  | 'recovery_objects_left'
  | 'recovery_bytes_left'
  | 'recovering_objects_per_sec'
  | 'recovering_bytes_per_sec'
  | 'recovery_eta_seconds'
>;

export interface Left {
  readonly objects: number;
  readonly bytes: number;
}

export function recoveryJson(left: Left, osds: Iterable<Pick<OsdHealth, 'recovery'>>): RecoveryStatus {
  const rates = Array.from(osds, ({ recovery }) => recovery);
  const copied = { objects: 0, bytes: 0 };
  for (const rate of rates) {
    copied.objects += rate?.copiedObjects ?? 0;
    copied.bytes += rate?.copiedBytes ?? 0;
  }
  return {
    recovery_objects_left: left.objects,
    recovery_bytes_left: left.bytes,
    recovering_objects_per_sec: Math.round(copied.objects),
    recovering_bytes_per_sec: Math.round(copied.bytes),
    recovery_eta_seconds: recoveryEta(left, rates),
  };
}

/**
 * Seconds; null when nothing is left, or nothing gets done. Small objects take their time by number, large ones by size: the
 * longer of the two is nearer the truth.
 */
export function recoveryEta(left: Left, rates: Iterable<RecoveryRates | undefined>): number | null {
  if (left.objects === 0 && left.bytes === 0) return null;
  const done = { objects: 0, bytes: 0 };
  for (const rate of rates) {
    if (rate === undefined) continue;
    // What turns out to be there already is work done as well.
    done.objects += rate.copiedObjects + rate.sameObjects;
    done.bytes += rate.copiedBytes + rate.sameBytes;
  }
  const byObjects = left.objects === 0 ? 0 : left.objects / done.objects;
  const byBytes = left.bytes === 0 ? 0 : left.bytes / done.bytes;
  const seconds = Math.max(byObjects, byBytes);
  return Number.isFinite(seconds) ? Math.ceil(seconds) : null;
}
