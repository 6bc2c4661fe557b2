/** How recovery goes on: what is left, how fast it gets less, and when it is done at that pace. */
import type { Pool } from '../../cluster/pool.js';
import type { PgsStatus, RecoveringPool } from '../../protocol/commands/status.js';
import type { PoolRecoveryRow, RecoveryRates } from '../../protocol/monitor-methods.js';
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

/** Of each pool that has something left, or is being worked at. */
export function recoveringPools(
  pools: Iterable<readonly [pool: Pick<Pool, 'id' | 'name'>, left: Left]>,
  osds: Iterable<Pick<OsdHealth, 'recoveryOfPools'>>,
): RecoveringPool[] {
  const rates = new Map<number, RecoveryRates[]>();
  for (const { recoveryOfPools = [] } of osds) {
    for (const row of recoveryOfPools) rates.set(row[0], [...(rates.get(row[0]) ?? []), ratesOf(row)]);
  }
  const found: RecoveringPool[] = [];
  for (const [{ id, name }, left] of pools) {
    const own = rates.get(id) ?? [];
    if (left.objects === 0 && left.bytes === 0 && own.length === 0) continue;
    const json = recoveryJson(
      left,
      own.map((recovery) => ({ recovery })),
    );
    found.push({ pool_id: id, pool_name: name, ...json });
  }
  return found.sort((a, b) => b.recovery_bytes_left - a.recovery_bytes_left || a.pool_id - b.pool_id);
}

function ratesOf([, copiedObjects, copiedBytes, sameObjects, sameBytes]: PoolRecoveryRow): RecoveryRates {
  return { copiedObjects, copiedBytes, sameObjects, sameBytes };
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
