/** Commands about PGs: `cairn pg …`, and what OSDs ask of the records of their PGs (PG-PROTOCOL.md section 1). */
import * as z from 'zod/mini';
import { type PgTerm, type StoreNumber, pgTerm, storeNumber } from '../../cluster/ids.js';
import type { PgRecord } from '../../cluster/pg-record.js';
import { defineChange, defineQuery } from '../command.js';
import type { RecoveringPool } from './status.js';
import { type ChangeReport, confirmedField, osdIdField, pgIdField } from './fields.js';

export interface PgInfo {
  /** `1.2f` */
  readonly pg: string;
  readonly term: number;
  /** `active+undersized+degraded`, by the words of docs/health-checks.md. */
  readonly state: string;
  /** Where it should be. */
  readonly up: readonly number[];
  readonly acting: readonly number[];
  readonly eligible: readonly number[];
  /** 0 for sync. */
  readonly ackCopies: number;
  /** As the primary reported last, in whatever term; 0 until it has. */
  readonly objects: number;
  readonly bytes: number;
  /** Copies of objects: missing, in the wrong place; and what is to be copied to mend that, as far as there are OSDs for it. */
  readonly degradedObjects: number;
  readonly misplacedObjects: number;
  readonly leftObjects: number;
  readonly leftBytes: number;
  /** By the last scrubs, as last reported. Wall times in ms, 0 when they are not known. */
  readonly scrubErrors: number;
  readonly scrubbedAt: number;
  readonly deepScrubbedAt: number;
  /** By the primary, in the term of the record. */
  readonly reported: PgReported | undefined;
}

export interface PgReported {
  /** The newest entry of its log; 0 before the PG is active. */
  readonly last: { readonly term: number; readonly seq: number };
  readonly committed: number;
  readonly logEntries: number;
  /** Who joins now. */
  readonly joiner: number | undefined;
}

export const pgMap = defineQuery<PgInfo>()('pg.map', { access: 'r', args: z.strictObject({ pg: pgIdField }) });

/** So many in one answer: a row takes some 60 values, and a message holds 262,144 (wire/header-check.ts). */
export const pgPageSize = 2048;

export interface PgPage {
  readonly pgs: readonly PgInfo[];
  /** Where the next page begins; `undefined` after the last PG. */
  readonly next: { readonly pool: number; readonly pg: number } | undefined;
}

export const pgLs = defineQuery<PgPage>()('pg.ls', {
  access: 'r',
  args: z.strictObject({
    /** From this PG on; the first of all without it. */
    from: z.optional(pgIdField),
    pool: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
    osd: z.optional(osdIdField),
    /** Words of a state: only PGs with all of them. */
    state: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
  }),
});

export const pgStat = defineQuery<{
  readonly pgs: number;
  readonly states: readonly { readonly state: string; readonly pgs: number }[];
  readonly recovering: readonly RecoveringPool[];
}>()('pg.stat', { access: 'r', args: z.strictObject({}) });

const termField = z.pipe(
  z.int().check(z.gte(0)),
  z.transform((value): PgTerm => pgTerm(value)),
);
const memberField = z.strictObject({
  osd: osdIdField,
  store: z.pipe(
    z.int().check(z.gte(1), z.lt(2 ** 32)),
    z.transform((value): StoreNumber => storeNumber(value)),
  ),
});
const membersField = z.array(memberField).check(z.minLength(1), z.maxLength(255));

/** Of the primary of `term`. */
const fromPrimary = { pg: pgIdField, term: termField, from: memberField };

/** The record after the change, or the one that there was when the request was repeated. */
export interface PgChanged {
  readonly record: PgRecord;
}

export const pgConfirm = defineChange<PgChanged>()('pg.confirm', {
  access: 'w',
  area: 'daemon',
  args: z.strictObject(fromPrimary),
});

export const pgAdmit = defineChange<PgChanged>()('pg.admit', {
  access: 'w',
  area: 'daemon',
  args: z.strictObject({ ...fromPrimary, joiner: memberField, acting: z.optional(membersField) }),
});

export const pgLeave = defineChange<PgChanged>()('pg.leave', {
  access: 'w',
  area: 'daemon',
  args: z.strictObject({ ...fromPrimary, acting: membersField, isDrained: z.boolean() }),
});

export const pgBump = defineChange<PgChanged>()('pg.bump', {
  access: 'w',
  area: 'daemon',
  args: z.strictObject(fromPrimary),
});

export const pgNoteLengthMax = 1_000;

/** A record for the cluster's log, in the words of the primary. */
export const pgNote = defineChange<Record<string, never>>()('pg.note', {
  access: 'w',
  area: 'daemon',
  args: z.strictObject({
    pg: pgIdField,
    from: memberField,
    severity: z.enum(['info', 'warn', 'error']),
    message: z.string().check(z.minLength(1), z.maxLength(pgNoteLengthMax)),
  }),
});

/** An operator accepts the loss of a PG whose members are all gone: the present store of this OSD goes on with it. */
export const pgForce = defineChange<ChangeReport>()('pg.force', {
  access: 'w',
  args: z.strictObject({ pg: pgIdField, osd: osdIdField, confirmed: confirmedField }),
});
