/**
 * How long leases last, on clocks that nobody compares: each process measures by its own monotonic clock, whose rate is
 * within `clockDrift` of real time (PG-PROTOCOL.md section 4, "lease").
 *
 *     holder     ask ──────── may read ────────┤       at the latest, by the slowest clock
 *     grantor        grant ─────── promise ────────┤   at the earliest, by the fastest
 */
import { type MonotonicMs, monotonicMs } from '../../../base/instants.js';
import { invariant } from '../../../base/invariant.js';

/** What a grantor promises, on its clock: longer makes failovers slower, shorter makes pauses of the event loop felt. */
export const leaseMs = 800;
/** Four asks within a lease: three may be lost. */
export const askIntervalMs = 200;
/**
 * What any version of the program promises at most. A grantor that restarted has forgotten its promises and waits for so
 * long; a constant, so that no configuration makes what an earlier run promised longer than what the next one waits.
 */
export const leaseMsMax = 1_000;
/**
 * How far the rate of a monotonic clock may be from real time. Crystals are far better, and the kernel slews by 0.05 %; but
 * slewing moves the monotonic clock too, so a time daemon must not be set to slew by more than this.
 */
export const clockDrift = 0.01;

/** Wall clock ahead of the monotonic one by more than this means that the machine was suspended (clock-watch.ts). */
export const partedMs = 50;
/**
 * By how much the two may part in earnest: the wall clock's own rate, and what `Date` cuts off. Ten times what the kernel
 * slews by, so that slewing lapses no lease.
 */
export const partingRate = 0.005;
/** The longest suspension within a lease that stays unnoticed; the lease is shorter by as much. */
export const unnoticedMs = 60;

/** From the ask on, on the holder's clock. */
export const heldMs = (leaseMs * (1 - clockDrift)) / (1 + clockDrift) - unnoticedMs;

invariant(askIntervalMs * 3 < heldMs, 'two asks may be lost before a lease ends');
invariant(leaseMs * (1 + clockDrift) <= leaseMsMax * (1 - clockDrift), 'a boot outwaits what was promised before it');
invariant(partedMs + 2 * partingRate * leaseMs + 1 < unnoticedMs, 'a lease is shorter by what goes unnoticed');

/** Both clocks of one process, read one right after the other. */
export interface Clocks {
  readonly now: MonotonicMs;
  /** Milliseconds; only ever compared with itself, to notice suspensions. */
  readonly wall: number;
}

/** When what lasts `leftMs` on another's clock is over for certain, on the own one, told at `now` or earlier. */
export function endOfOthersMs(now: MonotonicMs, leftMs: number): MonotonicMs {
  return monotonicMs(now + (leftMs * (1 + clockDrift)) / (1 - clockDrift));
}

/**
 * How long a process that started at `startedAt` must still wait before it answers a Collect: until then a promise of the
 * run before it, which it cannot know of, may be relied upon. 0 when that is over.
 */
export function bootWaitLeft(now: MonotonicMs, startedAt: MonotonicMs): number {
  return Math.max(0, startedAt + leaseMsMax - now);
}
