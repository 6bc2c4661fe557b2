/** Comparing the copies of a PG and healing them, as clients ask for it: `cairn pg scrub`, `deep-scrub`, `repair`. */
import { defineMethod } from '../wire/method.js';

/**
 * `scrub` compares versions, sizes, attributes and keys; `deep-scrub` every byte as well, and heals what checksums decide; `repair`
 * also heals where the log or the majority has to decide.
 */
export type ScrubKind = 'scrub' | 'deep-scrub' | 'repair';

export interface ScrubCounts {
  readonly objects: number;
  /** Of the objects, once each. */
  readonly bytes: number;
  /** Copies that were not as they should be. */
  readonly found: number;
  readonly healed: number;
  /** Objects of which no good copy is left. */
  readonly lost: number;
}

/** One copy that was not as it should be. */
export interface ScrubFinding {
  readonly object: string;
  readonly osd: number;
  /** `differing`: it verifies by its checksums and has the right version, and other content than the majority. */
  readonly kind: 'missing' | 'extra' | 'stale' | 'rotten' | 'differing';
  readonly isHealed: boolean;
  /** What the disk said, or why it was not healed. */
  readonly problem: string | undefined;
}

export interface FinishedScrub extends ScrubCounts {
  readonly kind: ScrubKind;
  readonly number: number;
  /** Wall times in ms. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** The first of them. */
  readonly findings: readonly ScrubFinding[];
  /** Why it was broken off; then the rest says what was found until there. */
  readonly failure: string | undefined;
}

export interface PgScrubRequest {
  readonly pool: number;
  readonly pg: number;
  /** To begin as soon as this OSD has a scrub to spare; `undefined`: only to be told how it is. */
  readonly want: ScrubKind | undefined;
}

export interface PgScrubReply {
  readonly osd: number;
  /** Scrubs are numbered within it. */
  readonly term: number;
  /** Of the scrub that was asked for; 0 when none was. */
  readonly number: number;
  readonly running: (ScrubCounts & { readonly kind: ScrubKind; readonly number: number }) | undefined;
  readonly last: FinishedScrub | undefined;
}

/** A client to the primary of a PG; refused as `pgQueryMethod` is. Repeated, it asks for no second one that is not needed. */
export const pgScrubMethod = defineMethod<PgScrubRequest, PgScrubReply>('osd.pg-scrub');
