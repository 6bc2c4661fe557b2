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
