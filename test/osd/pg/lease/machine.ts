/** One OSD of the world of leases, with clocks of its own. Instants called `real` are those of the world. */
import { type MonotonicMs, monotonicMs } from '../../../../base/instants.js';
import { LeaseGrantor } from '../../../../osd/pg/lease/grantor.js';
import { LeaseHolder } from '../../../../osd/pg/lease/holder.js';
import type { Clocks } from '../../../../osd/pg/lease/lease-time.js';
import type { PgLease } from '../../../../osd/pg/lease/pg-lease.js';
import type { PromiseWait } from '../../../../osd/pg/lease/promise-wait.js';
import type { OsdRun } from '../../../../osd/pg/lease/types.js';
import type { Prng } from '../../../../runtime/sim/prng.js';
import { run } from './parties.js';

export interface Record {
  readonly term: number;
  readonly acting: readonly number[];
  eligible: readonly number[];
}

/** What a primary knows of a term that it leads. */
export interface Leading {
  readonly record: Record;
  readonly lease: PgLease;
  readonly wait: PromiseWait;
  readonly heads: Set<number>;
  joiner: number | undefined;
  isProposed: boolean;
  isServing: boolean;
}

export class Osd {
  readonly id: number;
  readonly rate: number;
  readonly base: number;
  boot = 0;
  startedAt: MonotonicMs = monotonicMs(0);
  suspendedMs = 0;
  /** Real time. */
  suspendedAt: number | undefined;
  /** Real time: maps do not reach it before. */
  deafUntil = 0;
  /** What waits for it to be resumed. */
  readonly inbox: (() => void)[] = [];
  /** Survives restarts. */
  readonly terms = new Map<number, number>();
  readonly leading = new Map<number, Leading>();
  holder: LeaseHolder;
  grantor: LeaseGrantor;
  /** Real time at which its leases were valid, and were wanted, for the liveness test. */
  validMs = 0;
  servingMs = 0;

  constructor(id: number, random: Prng, drift: number) {
    this.id = id;
    this.rate = 1 + drift * (random.below(2) === 0 ? (random.below(2) === 0 ? 1 : -1) : 2 * random.float() - 1);
    this.base = 1_000 + random.float() * 1e6;
    this.holder = new LeaseHolder(this.run, this.clocks(0));
    this.grantor = new LeaseGrantor(this.run);
  }

  get run(): OsdRun {
    return run(this.id, this.boot);
  }

  now(real: number): MonotonicMs {
    return monotonicMs(this.base + this.rate * (real - this.suspendedMs));
  }

  /** The wall clock is driven by the same crystal, to whole milliseconds, and set by hardware after a suspension. */
  clocks(real: number, isBlind = false): Clocks {
    const now = this.now(real);
    return { now, wall: isBlind ? now : Math.floor(1e12 + this.rate * real) };
  }

  start(real: number): void {
    this.boot += 1;
    this.startedAt = this.now(real);
    this.leading.clear();
    this.holder = new LeaseHolder(this.run, this.clocks(real));
    this.grantor = new LeaseGrantor(this.run);
  }
}
