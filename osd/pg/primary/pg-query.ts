/** What a primary tells people of its PG: `cairn pg query`. */
import { isSameMember } from '../../../cluster/pg/members.js';
import type { Member } from '../../../cluster/pg-record.js';
import type { PgQuery, PgQueryJoin, PgQueryMember } from '../../../protocol/pg-query.js';
import type { Scrubbing } from '../../scrub/scrubbing.js';
import { reportOf } from './pg-report.js';
import type { PgSessions } from '../pg-sessions.js';
import type { Joining } from './joining.js';
import type { Leader } from './leader.js';

/** Of a term whose pool is known. */
export function queryOf(
  primary: Leader & { readonly scrubbing: Pick<Scrubbing, 'status'> },
  joining: Joining,
  sessions: PgSessions,
): PgQuery {
  const { term, copy, pool, isActive, isServing } = primary;
  const { host, record } = term;
  const { state, objects, bytes, degradedObjects, misplacedObjects } = reportOf(primary, joining);
  return {
    osd: host.self.osd,
    epoch: host.map().epoch,
    term: term.number,
    state,
    isConfirmed: term.isConfirmed,
    isServing,
    lag: primary.lag,
    ackCopies: record.mode.kind === 'sync' ? 0 : record.mode.ackCopies,
    size: pool.size,
    minSize: pool.minSize,
    up: joining.up.map(({ osd }) => osd),
    members: membersOf(primary, joining),
    joining: joinOf(joining),
    log: {
      last: copy.last,
      trimmedTo: copy.trimmedTo,
      entries: copy.logEntries,
      committed: isActive ? primary.replication.committed : undefined,
      underWay: isActive ? primary.replication.windowEntries : 0,
    },
    objects,
    bytes,
    degradedObjects,
    misplacedObjects,
    leaseMs: leaseMsOf(primary),
    sessions: sessions.counts,
  };
}

function membersOf(
  primary: Leader & { readonly scrubbing: Pick<Scrubbing, 'status'> },
  joining: Joining,
): PgQueryMember[] {
  const { term } = primary;
  const { acting, eligible } = term.record;
  const { joiner, progress } = joining;
  const standing = (member: Member): Standing => standingOf(primary, member);
  return [
    ...acting.map((member) => {
      const isSelf = isSameMember(member, term.self);
      return memberRow(member, isSelf ? 'primary' : 'replica', standing(member));
    }),
    ...eligible.map((member) => memberRow(member, 'eligible')),
    // It counts from the proposal on.
    ...(joiner === undefined
      ? []
      : [memberRow(joiner, 'joining', progress?.kind === 'proposed' ? standing(joiner) : undefined)]),
  ];
}

type Standing = Pick<PgQueryMember, 'durable' | 'lease'>;

function memberRow({ osd, store }: Member, role: PgQueryMember['role'], standing?: Standing): PgQueryMember {
  return { osd, store, role, durable: standing?.durable, lease: standing?.lease };
}

/** Of who has to have every entry, and to grant its lease. */
function standingOf(primary: Leader & { readonly scrubbing: Pick<Scrubbing, 'status'> }, member: Member): Standing {
  const { term, lease } = primary;
  const isMissing = lease.missing(term.host.clocks()).some((other) => isSameMember(other, member));
  return {
    durable: primary.isActive ? primary.replication.durableOf(member) : undefined,
    lease: isSameMember(member, term.self) ? undefined : isMissing ? 'missing' : 'held',
  };
}

function joinOf({ joiner, progress, attempts }: Joining): PgQueryJoin | undefined {
  if (joiner === undefined || progress === undefined) return undefined;
  const left = progress.kind === 'starting' ? undefined : progress;
  return { ...joiner, kind: progress.kind, attempt: attempts, leftObjects: left?.objects, leftBytes: left?.bytes };
}

function leaseMsOf({ term, lease }: Leader): number | undefined {
  const clocks = term.host.clocks();
  const end = lease.leaseEnd(clocks);
  return end === Infinity ? undefined : Math.max(0, Math.round(end - clocks.now));
}
