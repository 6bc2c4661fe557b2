/** The record of a PG: who holds its data (PG-PROTOCOL.md section 1, the words used here). */
import type { OsdId, PgTerm, StoreNumber } from './ids.js';

export interface Member {
  readonly osd: OsdId;
  readonly store: StoreNumber;
}

/** Belongs to the term, so that two terms never mix rules. */
export type ReplicationMode = { readonly kind: 'sync' } | { readonly kind: 'async'; readonly ackCopies: number };

/**
 * Every member of `acting` and of `eligible` has every acknowledged write (sync); one of them has it (async). The term is
 * confirmed when nobody is eligible; only a confirmed term serves. No member stands twice. With term 0 both lists
 * are empty: no OSD was ever fit to hold the PG, and nothing was written.
 */
export interface PgRecord {
  readonly term: PgTerm;
  /** The first is the primary. */
  readonly acting: readonly Member[];
  /** Sorted by OSD, then store: a set. */
  readonly eligible: readonly Member[];
  readonly mode: ReplicationMode;
}
