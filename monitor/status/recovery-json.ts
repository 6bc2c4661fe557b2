/** How recovery goes on: what is left, how fast it gets less, and when it is done at that pace. */
import type { PgsStatus } from '../../protocol/commands/status.js';
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
  const copied = { objects: 0, bytes: 0 };
  const done = { objects: 0, bytes: 0 };
  for (const { recovery } of osds) {
    if (recovery === undefined) continue;
    copied.objects += recovery.copiedObjects;
    copied.bytes += recovery.copiedBytes;
    // What turns out to be there already is work done as well.
    done.objects += recovery.copiedObjects + recovery.sameObjects;
    done.bytes += recovery.copiedBytes + recovery.sameBytes;
  }
  return {
    recovery_objects_left: left.objects,
    recovery_bytes_left: left.bytes,
    recovering_objects_per_sec: Math.round(copied.objects),
    recovering_bytes_per_sec: Math.round(copied.bytes),
    recovery_eta_seconds: etaOf(left, done),
  };
}

/** Small objects take their time by number, large ones by size: the longer of the two is nearer the truth. */
function etaOf(left: Left, perSecond: Left): number | null {
  if (left.objects === 0 && left.bytes === 0) return null;
  const byObjects = left.objects === 0 ? 0 : left.objects / perSecond.objects;
  const byBytes = left.bytes === 0 ? 0 : left.bytes / perSecond.bytes;
  const seconds = Math.max(byObjects, byBytes);
  return Number.isFinite(seconds) ? Math.ceil(seconds) : null;
}
