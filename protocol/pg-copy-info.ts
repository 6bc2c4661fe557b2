/** What one OSD's store has of a PG, whatever its record says: what `cairn pg accept-loss` chooses among. */
import { defineMethod } from '../wire/method.js';
import type { LogPlace } from './pg-query.js';

export interface PgCopyRequest {
  readonly pool: number;
  readonly pg: number;
}

export interface PgCopyLoss {
  /** Entries that are known to be missing behind the end of its log. */
  readonly entries: number;
  /** The newest of them. */
  readonly newest: LogPlace | undefined;
  /** Nothing else is missing; else there may be more that nothing tells of. */
  readonly isExact: boolean;
  /** Of what they changed, the first hundred. */
  readonly objects: readonly string[];
}

export interface PgCopyInfo {
  readonly osd: number;
  readonly store: number;
  /** The end of its log; 0 when it has nothing of the PG. */
  readonly last: LogPlace;
  readonly objects: number;
  readonly bytes: number;
  /** False: it was joining, and has only a part of the objects. */
  readonly isComplete: boolean;
  /** Objects that it noted as not being as the log says. */
  readonly missingObjects: number;
  /** Since its store lost a part of its log, and until the copy is in sync again. */
  readonly loss: PgCopyLoss | undefined;
}

/** Anybody who may read the pool, to any OSD; refused with `OVERLOADED` while that has not opened its PGs. */
export const pgCopyMethod = defineMethod<PgCopyRequest, PgCopyInfo>('osd.pg-copy');
