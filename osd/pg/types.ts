/** Words that all of `osd/pg/` uses. */
import type { Member } from '../../cluster/pg-record.js';

/** An entry of a PG's log. Two logs that share one agree up to it (PG-PROTOCOL.md section 2). */
export interface LogPosition {
  readonly term: number;
  readonly seq: number;
}

export const logStart: LogPosition = { term: 0, seq: 0 };

export function isSamePosition(a: LogPosition, b: LogPosition): boolean {
  return a.term === b.term && a.seq === b.seq;
}

/**
 * Whether a log has an entry that some log of the PG has or had: one primary a term, so of a term that reaches as far, it has
 * (PG-PROTOCOL.md section 2). False as well where the log does not tell any more.
 *
 * @param lineage of the log: each term with its last entry
 * @param trimmedTo entries behind it are there
 */
export function hasPosition(
  { lineage, trimmedTo }: { readonly lineage: readonly LogPosition[]; readonly trimmedTo: number },
  { term, seq }: LogPosition,
): boolean {
  if (seq < trimmedTo) return false;
  return seq === 0 || lineage.some((one) => one.term === term && one.seq >= seq);
}

/** By last term, then length: which of two logs is the longer (pitfall a). */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.term - b.term || a.seq - b.seq;
}

/** For maps: a member by its OSD and store. */
export function memberKey({ osd, store }: Member): string {
  return `${osd}/${store}`;
}

/**
 * Whoever waits for something, as long as its signal has not aborted. A request makes its signal when it is asked for, at 2 us, so it is
 * passed whole.
 */
export interface Waiter {
  readonly signal: AbortSignal;
}
