/**
 * Notices that the machine was suspended. A monotonic clock stands still meanwhile, so leases would seem to last; the wall
 * clock is set anew by hardware afterwards. So the wall clock having moved on by `partedMs` more than the monotonic one,
 * within a lease, counts as a suspension. A wall clock that an operator sets forward does as well: it costs a round trip.
 *
 *     wall - now     ──────────────╮ reference
 *                         ╭───────────────  > 50 ms above it: parted, and the reference for what follows
 *                   ──────╯
 *
 * The reference is the lowest difference seen, and rises by `partingRate` at most, so that the slow divergence of two clocks is
 * never taken for a suspension, while several short suspensions within a lease add up. With a wall clock that
 * is set *back* at the moment of a suspension the two may hide each other; the protocol assumes that they do not.
 */
import type { MonotonicMs } from '../../../base/instants.js';
import { type Clocks, partedMs, partingRate } from './lease-time.js';

export class ClockWatch {
  #reference: number;
  #seenAt: MonotonicMs;

  constructor({ now, wall }: Clocks) {
    this.#reference = wall - now;
    this.#seenAt = now;
  }

  /** True when the clocks parted since the call before: once for each time. */
  observe({ now, wall }: Clocks): boolean {
    const difference = wall - now;
    const risen = this.#reference + Math.max(0, now - this.#seenAt) * partingRate;
    this.#seenAt = now;
    // A clock that is not even a number is not to be trusted.
    const isParted = !(difference - risen <= partedMs);
    this.#reference = isParted ? difference : Math.min(difference, risen);
    return isParted;
  }
}
