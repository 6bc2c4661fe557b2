/** Whether a message can be believed as far as it can be told from itself. What fails is ignored, as if it were lost. */
import { isWellFormed } from './membership-history.js';
import type { EntryPosition, LogEntry, RaftMessage, Term } from './types.js';

export function isPlausible(message: RaftMessage): boolean {
  switch (message.kind) {
    case 'vote-request':
      return message.last.term < message.term;
    case 'append':
      return areConsistent(message.previous, message.entries, message.term);
    case 'append-reply':
      return message.outcome.kind === 'matched' || message.outcome.hint.index <= message.outcome.rejected;
    case 'snapshot-chunk':
      return (
        message.meta.index >= 1 &&
        message.meta.term <= message.term &&
        message.chunk < message.meta.chunks &&
        message.data.length <= message.meta.bytes &&
        isWellFormed(message.meta.membership)
      );
    case 'vote-reply':
    case 'snapshot-reply':
    case 'timeout-now':
    case 'read-request':
    case 'read-reply':
      return true;
  }
}

/** Indices without gaps after `previous`, terms that never fall nor pass the leader's. */
function areConsistent(previous: EntryPosition, entries: readonly LogEntry[], leaderTerm: Term): boolean {
  let { index, term }: { index: number; term: number } = previous;
  if (index === 0 && term !== 0) return false;
  for (const entry of entries) {
    if (entry.index !== index + 1 || entry.term < term) return false;
    if (entry.kind === 'membership' && (!isWellFormed(entry.membership) || entry.membership.voters.length === 0)) {
      return false;
    }
    index = entry.index;
    term = entry.term;
  }
  return term <= leaderTerm;
}
