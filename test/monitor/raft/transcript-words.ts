/** Messages, entries and states as transcripts spell them. A position is `index/term`. */
import type { RaftOutput, RaftRefusal, RaftStatus } from '../../../monitor/raft/output.js';
import type { EntryPosition, LogEntry, Membership, RaftMessage } from '../../../monitor/raft/types.js';

export function position({ index, term }: EntryPosition): string {
  return `${index}/${term}`;
}

export function entryText(entry: LogEntry): string {
  const what = entry.kind === 'membership' ? `{${membershipText(entry.membership)}}` : entryData(entry);
  return `${position(entry)} ${what}`;
}

export function entriesText(entries: readonly LogEntry[]): string {
  return `[${entries.map(entryText).join(', ')}]`;
}

export function membershipText({ voters, learners }: Membership): string {
  const text = `voters ${voters.join(' ') || 'none'}`;
  return learners.length === 0 ? text : `${text}, learners ${learners.join(' ')}`;
}

export function messageText(message: RaftMessage): string {
  return `${message.from}>${message.to} ${bodyText(message)} (term ${message.term})`;
}

export function roleText({ role, vote, leader, term }: RaftStatus): string {
  return `${role} in term ${term}, vote ${vote ?? 'none'}, leader ${leader ?? 'unknown'}`;
}

export function statusText(status: RaftStatus): string {
  const { commit, last, snapshot, membership, progress, transferringTo } = status;
  const lines = [
    `${roleText(status)}, commit ${commit}, last ${last}, snapshot ${snapshot}, ${membershipText(membership)}`,
    ...(transferringTo === undefined ? [] : [`  transferring to ${transferringTo}`]),
    ...progress.map((p) => `  ${p.member}: ${p.state}, matched ${p.matched}, next ${p.next}`),
  ];
  return lines.join('\n');
}

/** What a step did, apart from messages: a line each. */
export function effectLines(before: RaftStatus, after: RaftStatus, output: RaftOutput): string[] {
  const { committed, restore, proposed, refused, reads, pins, begunAnew } = output;
  const lines: string[] = [];
  if (roleText(before) !== roleText(after)) lines.push(roleText(after));
  if (membershipText(before.membership) !== membershipText(after.membership)) {
    lines.push(membershipText(after.membership));
  }
  if (restore !== undefined) lines.push(`restores snapshot ${position(restore)}`);
  if (committed.length > 0) lines.push(`commits ${entriesText(committed)}`);
  if (pins !== undefined) lines.push(`pins ${pins.length === 0 ? 'no snapshot' : pins.map(position).join(' and ')}`);
  for (const { to, previous, chunks, snapshot } of begunAnew) {
    lines.push(`sends ${to} snapshot ${snapshot} from its beginning; chunks it had of ${previous}: ${chunks}`);
  }
  if (proposed !== undefined) lines.push(`proposed at ${proposed.first}/${proposed.term}`);
  if (refused !== undefined) lines.push(`refused: ${refusalText(refused)}`);
  for (const { id, index } of reads) lines.push(`read ${id} ${index === undefined ? 'refused' : `at ${index}`}`);
  if (after.transferringTo !== before.transferringTo && after.transferringTo === undefined && after.role === 'leader') {
    lines.push('gives up the transfer');
  }
  return lines;
}

function bodyText(message: RaftMessage): string {
  switch (message.kind) {
    case 'vote-request': {
      const kind = message.isPreVote ? 'pre-vote-request' : 'vote-request';
      return `${kind} last ${position(message.last)}${message.isTransfer ? ' by transfer' : ''}`;
    }
    case 'vote-reply':
      return `${message.isPreVote ? 'pre-vote' : 'vote'} ${message.granted ? 'granted' : 'refused'}`;
    case 'append': {
      const { previous, entries, commit, round } = message;
      const what = entries.length === 0 ? 'heartbeat' : `append ${entriesText(entries)}`;
      return `${what} after ${position(previous)}, commit ${commit}, round ${round}`;
    }
    case 'append-reply': {
      const { outcome, round } = message;
      if (outcome.kind === 'matched') return `matched ${outcome.matched}, round ${round}`;
      return `rejected ${outcome.rejected}, hint ${position(outcome.hint)}, round ${round}`;
    }
    case 'snapshot-chunk':
      return `chunk ${message.chunk} of ${message.meta.chunks} of snapshot ${position(message.meta)}`;
    case 'snapshot-reply':
      return `snapshot ${message.snapshot}: wants chunk ${message.next}`;
    case 'timeout-now':
      return 'timeout-now';
    case 'read-request':
      return `read-request ${message.id}`;
    case 'read-reply':
      return `read-reply ${message.id}: ${message.index === undefined ? 'refused' : message.index}`;
  }
}

function refusalText(refused: RaftRefusal): string {
  switch (refused.kind) {
    case 'not-leader':
      return `not the leader, which is ${refused.leader ?? 'unknown'}`;
    case 'transferring':
      return `transferring to ${refused.to}`;
    case 'change-in-progress':
      return `the change at ${refused.index} is in progress`;
    case 'invalid-membership':
    case 'invalid-target':
      return `${refused.kind}: ${refused.reason}`;
    case 'not-ready':
    case 'overloaded':
      return refused.kind;
  }
}

function entryData(entry: LogEntry): string {
  return entry.kind === 'noop' ? 'noop' : new TextDecoder().decode(entry.data);
}
