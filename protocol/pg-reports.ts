/**
 * What the primary of a PG tells the monitors of it: what no record says. The monitors keep the newest of each PG in memory
 * only; whoever leads next is told everything again (`PgReportsReply.lead`).
 */
import * as z from 'zod/mini';
import { type OsdId, osdIdMax, type PgId, poolId } from '../cluster/ids.js';
import { defineMethod } from '../wire/method.js';

export interface PgReport {
  readonly pg: PgId;
  /** The term that it speaks of; of any other it says nothing but how large the PG was. */
  readonly term: number;
  /** Words of docs/health-checks.md, joined by `+`. */
  readonly state: string;
  readonly objects: number;
  /** Sum of their sizes. */
  readonly bytes: number;
  /** The newest entry of the log, and up to which it is committed; 0 while the PG is not active. */
  readonly last: { readonly term: number; readonly seq: number };
  readonly committed: number;
  /** Entries of the log. */
  readonly logEntries: number;
  /** Copies of objects: those that are missing, and those that are to be made before others may go. */
  readonly degradedObjects: number;
  readonly misplacedObjects: number;
  /** To be copied to those that join, or are to, at most; the rest of what is missing waits for a place. */
  readonly leftObjects: number;
  readonly leftBytes: number;
  /** Who joins now. */
  readonly joiner: OsdId | undefined;
  /** What the last scrubs found and could not heal. */
  readonly scrubErrors: number;
  /** Wall times in ms of the OSD; 0 when it is not known. */
  readonly scrubbedAt: number;
  readonly deepScrubbedAt: number;
}

/** As it travels: 18 values, so 500 of them are far from the limits of a message. */
export type PgReportRow = readonly [
  pool: number,
  pg: number,
  term: number,
  state: string,
  objects: number,
  bytes: number,
  lastTerm: number,
  lastSeq: number,
  committed: number,
  logEntries: number,
  degradedObjects: number,
  misplacedObjects: number,
  leftObjects: number,
  leftBytes: number,
  joiner: number,
  scrubErrors: number,
  scrubbedAt: number,
  deepScrubbedAt: number,
];

export interface PgReports {
  readonly osd: number;
  /** At most `pgReportsMax`. */
  readonly pgs: readonly PgReportRow[];
}

export interface PgReportsReply {
  /** Raft's term of the leader that knows it now: another one has to be told again. */
  readonly lead: number;
}

/** An OSD to any monitor, which passes it on to the leader. */
export const pgReportsMethod = defineMethod<PgReports, PgReportsReply>('mon.pg-reports');

/** Of one message: some 40 KiB, and 1.5 ms of the leader, of which the check of each value is nearly all. */
export const pgReportsMax = 500;

/** In place of an OSD. */
const nobody = -1;

export function pgReportRow(report: PgReport): PgReportRow {
  const { pg, term, state, objects, bytes, last, committed, logEntries } = report;
  const { degradedObjects, misplacedObjects, leftObjects, leftBytes, joiner = nobody } = report;
  const log = [last.term, last.seq, committed, logEntries] as const;
  const left = [degradedObjects, misplacedObjects, leftObjects, leftBytes] as const;
  const scrub = [report.scrubErrors, report.scrubbedAt, report.deepScrubbedAt] as const;
  return [pg.pool, pg.pg, term, state, objects, bytes, ...log, ...left, joiner, ...scrub];
}

/** Of a row that `pgReportsSchema` let pass. */
export function pgReportOfRow(row: PgReportRow): PgReport {
  const [pool, pg, term, state, objects, bytes, lastTerm, lastSeq, committed, logEntries, ...left] = row;
  const [degradedObjects, misplacedObjects, leftObjects, leftBytes, joiner, ...scrub] = left;
  const [scrubErrors, scrubbedAt, deepScrubbedAt] = scrub;
  return {
    pg: { pool: poolId(pool), pg },
    term,
    state,
    objects,
    bytes,
    last: { term: lastTerm, seq: lastSeq },
    committed,
    logEntries,
    degradedObjects,
    misplacedObjects,
    leftObjects,
    leftBytes,
    // Checked by the schema.
    joiner: joiner === nobody ? undefined : (joiner as OsdId),
    scrubErrors,
    scrubbedAt,
    deepScrubbedAt,
  };
}

const count = z.int().check(z.gte(0));
const row = z.tuple([
  z.int().check(z.gte(1), z.lt(2 ** 31)),
  z.int().check(z.gte(0), z.lt(65_536)),
  count,
  // A later version may know more words.
  z.string().check(z.maxLength(128), z.regex(/^[a-z_]+(?:\+[a-z_]+)*$/)),
  count,
  count,
  count,
  count,
  count,
  count,
  count,
  count,
  count,
  count,
  z.int().check(z.gte(nobody), z.lte(osdIdMax)),
  count,
  count,
  count,
]);

export const pgReportsSchema: z.ZodMiniType<PgReports> = z.object({
  osd: z.int().check(z.gte(0), z.lte(osdIdMax)),
  pgs: z.array(row).check(z.maxLength(pgReportsMax)),
});
