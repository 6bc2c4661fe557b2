/** What a primary can truly say of its PG: the words of docs/health-checks.md, and how much is missing. */
import { equalMembers, hasMember } from '../../../cluster/pg/members.js';
import type { Member } from '../../../cluster/pg-record.js';
import type { PgReport } from '../../../protocol/pg-reports.js';
import type { ScrubKind } from '../../../protocol/pg-scrub.js';
import type { Scrubbing } from '../../scrub/scrubbing.js';
import { logStart } from '../types.js';
import type { JoinProgress } from './join-attempt.js';
import type { Joining } from './joining.js';
import type { Leader } from './leader.js';

/** What the words and the numbers are made of. */
export interface PgFacts {
  readonly phase: 'peering' | 'activating' | 'peered' | 'active';
  /** Copies that the pool wants. */
  readonly size: number;
  readonly acting: readonly Member[];
  readonly eligible: readonly Member[];
  /** Where CRUSH wants the PG. */
  readonly up: readonly Member[];
  readonly objects: number;
  readonly bytes: number;
  /** Of who joins now. */
  readonly joining: JoinProgress | undefined;
  readonly scrub: { readonly running: ScrubKind | undefined; readonly errors: number };
}

/** Of a term whose pool is known. */
export function reportOf(
  primary: Leader & { readonly scrubbing: Pick<Scrubbing, 'status'> },
  joining: Joining,
): PgReport {
  const { term, copy, pool } = primary;
  const { acting, eligible } = term.record;
  const { objects, bytes } = term.host.store.counts(term.pg);
  const phase = phaseOf(primary);
  const counts = { objects, bytes };
  const scrub = primary.scrubbing.status;
  const facts: PgFacts = {
    phase,
    size: pool.size,
    acting,
    eligible,
    up: joining.up,
    ...counts,
    joining: joining.progress,
    scrub: { running: scrub.running?.kind, errors: scrub.errors },
  };
  return {
    pg: term.pg,
    term: term.number,
    state: wordsOf(facts).join('+'),
    ...counts,
    last: primary.isActive ? primary.replication.last : logStart,
    committed: primary.isActive ? primary.replication.committed : 0,
    logEntries: copy.logEntries,
    ...missingOf(facts),
    joiner: joining.joiner?.osd,
    scrubErrors: scrub.errors,
    scrubbedAt: scrub.stamps?.shallow ?? 0,
    deepScrubbedAt: scrub.stamps?.deep ?? 0,
  };
}

function phaseOf({ term, pool, isActive }: Leader): PgFacts['phase'] {
  if (!isActive) return 'peering';
  if (term.record.acting.length < pool.minSize) return 'peered';
  return term.isConfirmed ? 'active' : 'activating';
}

/** In the order of Ceph's, so that people find the whole where they look for it. */
export function wordsOf(facts: PgFacts): string[] {
  const { phase, size, acting, up } = facts;
  const isUndersized = acting.length < size;
  const isRemapped = !equalMembers(acting, up);
  const isClean = phase === 'active' && !isUndersized && !isRemapped && facts.joining === undefined;
  return [
    ...(phase === 'active' ? ['active'] : []),
    ...(isClean ? ['clean'] : []),
    ...(isUndersized ? ['undersized'] : []),
    ...(missingOf(facts).degradedObjects > 0 ? ['degraded'] : []),
    ...(isRemapped ? ['remapped'] : []),
    ...joiningWord(facts, isUndersized),
    ...(facts.scrub.errors > 0 ? ['inconsistent'] : []),
    ...(facts.scrub.running === undefined ? [] : scrubWords[facts.scrub.running]),
    ...(phase === 'active' ? [] : [phase]),
  ];
}

const scrubWords: Readonly<Record<ScrubKind, readonly string[]>> = {
  scrub: ['scrubbing'],
  'deep-scrub': ['scrubbing', 'deep'],
  repair: ['scrubbing', 'deep', 'repair'],
};

/** Which of the two ways it takes is known only once the joiner has said what it has. */
function joiningWord({ phase, joining, ...rest }: PgFacts, isUndersized: boolean): string[] {
  if (phase === 'peering') return [];
  if (joining?.kind === 'backfilling') return ['backfilling'];
  if (joining !== undefined && joining.kind !== 'starting') return ['recovering'];
  if (toJoin(rest).length === 0) return [];
  return [isUndersized ? 'recovery_wait' : 'backfill_wait'];
}

/** Members of `up` that have no copy yet that counts. */
function toJoin({ up, acting, eligible }: Pick<PgFacts, 'up' | 'acting' | 'eligible'>): readonly Member[] {
  return up.filter((member) => !hasMember(acting, member) && !hasMember(eligible, member));
}

/**
 * Each member that is to join stands for a copy that is missing while there are fewer than the pool wants, and for one
 * that is elsewhere otherwise; whoever joins now is the first of them, and has a part of it already.
 */
export function missingOf(
  facts: PgFacts,
): Pick<PgReport, 'degradedObjects' | 'misplacedObjects' | 'leftObjects' | 'leftBytes'> {
  const { size, acting, objects, bytes, joining } = facts;
  const missing = Math.max(0, size - acting.length);
  const joiners = Math.max(toJoin(facts).length, joining === undefined ? 0 : 1);
  const isKnown = joining !== undefined && joining.kind !== 'starting';
  const behind = isKnown ? Math.min(objects, joining.objects) : objects;
  const behindBytes = isKnown ? Math.min(bytes, joining.bytes) : bytes;
  const done = joiners === 0 ? 0 : objects - behind;
  const misplaced = Math.max(0, joiners - missing);
  return {
    degradedObjects: missing * objects - (missing > 0 ? done : 0),
    misplacedObjects: misplaced * objects - (missing > 0 ? 0 : done),
    leftObjects: joiners === 0 ? 0 : (joiners - 1) * objects + behind,
    leftBytes: joiners === 0 ? 0 : (joiners - 1) * bytes + behindBytes,
  };
}
