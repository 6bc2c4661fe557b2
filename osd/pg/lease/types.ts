/** What the two sides of a lease say to each other, and what they call things. */
import type { MonotonicMs } from '../../../base/instants.js';
import type { OsdId, PgId, PgTerm, StoreNumber } from '../../../cluster/ids.js';

/**
 * One run of an OSD's process. Of one store the run with the higher boot is the only one that is left (the store is locked
 * by its process); of two stores under one OSD id both processes may run, so runs are compared by store, never by OSD.
 */
export interface OsdRun {
  readonly osd: OsdId;
  readonly store: StoreNumber;
  readonly boot: number;
}

/** "For this PG I am in `term` or beyond": whoever says it takes no part in any earlier term any more. */
export interface PgName {
  readonly pg: PgId;
  readonly term: PgTerm;
}

/** Names in one message. With some 8 bytes each it stays within one packet's cost; the rest follows a round trip later. */
export const namesMax = 1_024;

export interface LeaseAsk {
  readonly holder: OsdRun;
  /** On the holder's clock; it comes back in the grant and means nothing to anybody else. */
  readonly askedAt: MonotonicMs;
  /** Names that the holder took note of: it will not count the grantor for that PG in an earlier term. At most `namesMax`. */
  readonly noted: readonly PgName[];
}

export interface LeaseGrant {
  readonly grantor: OsdRun;
  /** Who asked: a grant to an earlier run counts by a clock that is gone. */
  readonly holder: OsdRun;
  readonly askedAt: MonotonicMs;
  /** PGs whose earlier terms the grant is not for. At most `namesMax`. */
  readonly named: readonly PgName[];
  /** False while there are more names than one message takes: nothing is granted before the holder has them all. */
  readonly isGranted: boolean;
}

/** A promise of a term that was left, in a Head: whoever activates a later term waits until it is over. */
export interface LeasePromise {
  readonly holder: OsdRun;
  /** On the clock of the one who promised, when it said so; finite and above 0, says the message's schema. */
  readonly leftMs: number;
}

/** Exact: a pool id has 31 bits, the number of a PG 16. */
export function pgKey({ pool, pg }: PgId): number {
  return pool * 65_536 + pg;
}
