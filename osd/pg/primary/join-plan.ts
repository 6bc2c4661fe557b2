/** Where a joiner's copy and the PG part, and how it is brought up: by the log where that reaches, else by all objects. */
import type { JoinState } from '../join-state.js';
import { joinStateOfHeader, positionOfHeader, type JoinStartReply } from '../messages.js';
import type { PgCopy } from '../pg-copy.js';
import { logStart, type LogPosition } from '../types.js';

export interface JoinPlan {
  /** Entries of the joiner behind it are not the PG's. */
  readonly cutAfter: LogPosition;
  /** Of this log: entries behind it are sent. */
  readonly sendAfter: LogPosition;
  readonly state: JoinState;
  /** The last entry that both logs have; `undefined` where this one does not reach back so far. */
  readonly common: LogPosition | undefined;
  /** Of this log when it was planned; not trimmed before all that is sent of it is read. */
  readonly lineage: readonly LogPosition[];
  readonly trimmedTo: number;
}

export async function planJoin(copy: PgCopy, found: JoinStartReply): Promise<JoinPlan> {
  const lineage = await copy.lineage();
  const { trimmedTo } = copy;
  const state = found.state === null ? undefined : joinStateOfHeader(found.state);
  const common = commonEnd(lineage, found.lineage.map(positionOfHeader));
  const isEmpty = found.last[1] === 0;
  if (common !== undefined && common.seq >= trimmedTo && (state?.from ?? common.seq) >= trimmedTo) {
    const from = Math.min(common.seq, state?.from ?? Infinity);
    return { cutAfter: common, sendAfter: common, state: { from, cursor: state?.cursor }, common, lineage, trimmedTo };
  }
  // Nothing was trimmed yet: the log has all that ever was.
  if (isEmpty && trimmedTo === 0) {
    const joinState = { from: 0, cursor: state?.cursor };
    return { cutAfter: logStart, sendAfter: logStart, state: joinState, common, lineage, trimmedTo };
  }
  return {
    cutAfter: logStart,
    sendAfter: { term: 0, seq: trimmedTo },
    state: { from: undefined, cursor: '' },
    common,
    lineage,
    trimmedTo,
  };
}

/**
 * The last entry that both logs have: one primary a term, so in a term that both have, the shorter of the two is a part of the
 * longer (PG-PROTOCOL.md section 2).
 */
export function commonEnd(ours: readonly LogPosition[], theirs: readonly LogPosition[]): LogPosition | undefined {
  for (const { term, seq } of [...theirs].reverse()) {
    const own = ours.find((one) => one.term === term);
    if (own !== undefined) return { term, seq: Math.min(seq, own.seq) };
  }
  return undefined;
}
