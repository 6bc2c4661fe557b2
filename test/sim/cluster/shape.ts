/** How large a simulated cluster is, and what it goes through: drawn from the seed. */
import type { PoolMode } from '../../../cluster/pool.js';
import type { Prng } from '../../../runtime/sim/prng.js';

export interface ClusterShape {
  readonly monitors: number;
  readonly osds: number;
  readonly hosts: number;
  readonly racks: number;
  readonly size: number;
  readonly minSize: number;
  readonly pgNum: number;
  /** Default: sync. */
  readonly mode?: PoolMode;
  readonly clients: number;
  /** Operations that each client has under way at once. */
  readonly workers: number;
  readonly objects: number;
  /** Between two operations of a worker, at most. */
  readonly pauseMs: number;
  /** Virtual time with faults; peace follows. */
  readonly warMs: number;
  /** About, between two faults. */
  readonly faultIntervalMs: number;
  /** Share of writes that are large. */
  readonly largeRate: number;
}

export function drawShape(random: Prng, hours: number | undefined): ClusterShape {
  const size = random.pick([3, 3, 3, 2]);
  const hosts = size + 1 + random.below(3);
  return {
    monitors: random.pick([3, 3, 3, 3, 3, 5]),
    hosts,
    osds: Math.min(12, hosts + random.pick([0, 0, 1, 2, hosts])),
    racks: random.pick([1, 2, 3]),
    size,
    minSize: size === 2 ? random.pick([1, 2]) : 2,
    pgNum: random.pick([2, 4, 8]),
    clients: 2 + random.below(2),
    workers: 2 + random.below(3),
    objects: random.pick([2, 4, 12]),
    pauseMs: random.pick([30, 60, 200]),
    warMs: hours === undefined ? random.pick([5_000, 8_000, 8_000, 20_000]) : hours * 3_600_000,
    faultIntervalMs: random.pick([600, 1_500, 3_000]),
    largeRate: random.pick([0, 0.02, 0.1]),
  };
}
