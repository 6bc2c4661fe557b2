import type { PgCopy } from './pg-copy.js';
import { isSamePosition, type LogPosition } from './types.js';

/** Why another copy's log cannot go on behind it here. */
export interface NotShared {
  readonly problem: string;
  readonly refusal: 'diverged' | 'trimmed';
}

/** `undefined` when the entry is in this log: its owner has a part of it (I2). */
export async function whyNotShared(copy: PgCopy, position: LogPosition): Promise<NotShared | undefined> {
  const { last, trimmedTo } = copy;
  const { seq, term } = position;
  if ((seq === 0 && trimmedTo === 0) || isSamePosition(position, last)) return undefined;
  if (seq > last.seq) return { problem: `ends before entry ${seq}`, refusal: 'diverged' };
  if (seq < trimmedTo) return { problem: `does not reach back to ${seq}`, refusal: 'trimmed' };
  const [found] = await copy.readLog(seq - 1);
  // Trimmed just up to it: what comes next follows it, and members agree about that.
  if ((found?.seq === seq && found.term === term) || seq === trimmedTo) return undefined;
  return { problem: `has no entry ${seq} of term ${term}`, refusal: 'diverged' };
}
