/** The cluster's two trails: what happened (`cairn log`), and who asked for what (`cairn audit`). */
import * as z from 'zod/mini';
import type { AuditRecord, ClusterLogRecord } from '../cluster-log.js';
import { defineQuery } from '../command.js';
import { entityNameLengthMax } from '../entity-name.js';

/** Records asked for at once. */
export const recordsMax = 10_000;

export const severities = ['debug', 'info', 'warn', 'error'] as const;

const count = z.int().check(z.gte(1), z.lte(recordsMax));
/** Of the record before those wanted; 0 for none. */
const after = z.int().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER));

export interface LogPage<Record> {
  /** The newest that match, newest last. Fewer than asked for when there are no more, or when they are long. */
  readonly records: readonly Record[];
  /** Of the newest record that there is, matching or not; 0 when there is none. */
  readonly newest: number;
}

export const logLast = defineQuery<LogPage<ClusterLogRecord>>()('log.last', {
  access: 'r',
  args: z.strictObject({ count, after, level: z.enum(severities) }),
});

export const auditLast = defineQuery<LogPage<AuditRecord>>()('audit.last', {
  access: 'r',
  args: z.strictObject({ count, after, who: z.optional(z.string().check(z.maxLength(entityNameLengthMax))) }),
});
