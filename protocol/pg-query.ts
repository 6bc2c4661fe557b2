/** What the primary of a PG knows of it, for people: `cairn pg query`. */
import { defineMethod } from '../wire/method.js';

export interface PgQueryRequest {
  readonly pool: number;
  readonly pg: number;
}

export interface LogPlace {
  readonly term: number;
  readonly seq: number;
}

export interface PgQueryMember {
  readonly osd: number;
  readonly store: number;
  readonly role: 'primary' | 'replica' | 'eligible' | 'joining';
  /** It has the log up to here, durably; `undefined` while that is not known: before the PG is active, and of who is eligible. */
  readonly durable: number | undefined;
  /** Of who promises not to take part in a newer term. */
  readonly lease: 'held' | 'missing' | undefined;
}

export interface PgQueryJoin {
  readonly osd: number;
  readonly store: number;
  /** `starting`: it is not known yet what it has. */
  readonly kind: 'starting' | 'recovering' | 'backfilling' | 'proposed';
  /** Counted in this term, with those that failed. */
  readonly attempt: number;
  /** At most; `undefined` while starting. */
  readonly leftObjects: number | undefined;
  readonly leftBytes: number | undefined;
}

export interface PgQuery {
  readonly osd: number;
  /** Of its map. */
  readonly epoch: number;
  readonly term: number;
  readonly state: string;
  /** Nobody is eligible any more: the monitors know that the members are level. */
  readonly isConfirmed: boolean;
  readonly isServing: boolean;
  /** 0 for sync. */
  readonly ackCopies: number;
  /** Of the slowest member; `undefined` in sync terms, and from versions that did not say it. */
  readonly lag?: { readonly ms: number; readonly bytes: number; readonly isTooMuch: boolean } | undefined;
  readonly size: number;
  readonly minSize: number;
  /** Where CRUSH wants it. */
  readonly up: readonly number[];
  readonly members: readonly PgQueryMember[];
  readonly joining: PgQueryJoin | undefined;
  readonly log: {
    readonly last: LogPlace;
    /** Entries up to here are no longer in it. */
    readonly trimmedTo: number;
    readonly entries: number;
    /** `undefined` until the PG is active. */
    readonly committed: number | undefined;
    /** Appended, and somebody lacks them. */
    readonly underWay: number;
  };
  readonly objects: number;
  readonly bytes: number;
  readonly degradedObjects: number;
  readonly misplacedObjects: number;
  /** How long reads may be answered yet; 0 when a lease is missing, `undefined` where nobody's is needed. */
  readonly leaseMs: number | undefined;
  /** Of clients, whose answers are kept. */
  readonly sessions: {
    readonly count: number;
    readonly answers: number;
    readonly answerBytes: number;
    readonly running: number;
  };
}

/**
 * A client to the primary of a PG; refused as `opMethod` is where the OSD does not lead it, and answered in every state of
 * the PG.
 */
export const pgQueryMethod = defineMethod<PgQueryRequest, PgQuery>('osd.pg-query');
