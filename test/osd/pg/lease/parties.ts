/** Short names for tests of leases. */
import { monotonicMs, type MonotonicMs } from '../../../../base/instants.js';
import { osdId, type PgId, pgTerm, poolId, storeNumber } from '../../../../cluster/ids.js';
import type { Clocks } from '../../../../osd/pg/lease/lease-time.js';
import type { LeaseGrant, OsdRun, PgName } from '../../../../osd/pg/lease/types.js';

/** Store n + 1 in OSD n. */
export function run(osd: number, boot = 1): OsdRun {
  return { osd: osdId(osd), store: storeNumber(osd + 1), boot };
}

export function pg(number: number): PgId {
  return { pool: poolId(1), pg: number };
}

export function name(number: number, term: number): PgName {
  return { pg: pg(number), term: pgTerm(term) };
}

export const at: (ms: number) => MonotonicMs = monotonicMs;

/** A wall clock that goes with the monotonic one, but for `suspendedMs`. */
export function clocks(now: number, suspendedMs = 0): Clocks {
  return { now: at(now), wall: 1_000_000 + now + suspendedMs };
}

export function grant(grantor: OsdRun, askedAt: number, more: Partial<LeaseGrant> = {}): LeaseGrant {
  return { grantor, holder: run(0), askedAt: at(askedAt), named: [], isGranted: true, ...more };
}
