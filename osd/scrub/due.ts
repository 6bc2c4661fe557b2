/** When a PG is to be scrubbed by itself. Pure; all times are wall times in ms. */
import type { PgId } from '../../cluster/ids.js';
import { xxh64OfLatin1 } from '../../base/xxh64.js';
import type { ScrubStamps } from './stamps.js';

export interface ScrubPlan {
  /** 0: never by itself. */
  readonly intervalMs: number;
  readonly deepIntervalMs: number;
  /** By flags of the cluster and of the pool. */
  readonly mayScrub: boolean;
  readonly mayDeepScrub: boolean;
}

export interface DueScrub {
  readonly kind: 'scrub' | 'deep-scrub';
  /** By so much of its interval: who is most over it goes first. */
  readonly overdue: number;
}

/** A clock that was ahead by more than this when a stamp was made was wrong: the stamp says nothing. */
const aheadMsMax = 24 * 60 * 60 * 1000;
/** Each time a PG comes this much earlier, by chance: what was once scrubbed together does not stay together. */
const jitter = 0.25;

/** A deep scrub is also a shallow one. */
export function dueScrub(pg: PgId, stamps: ScrubStamps, wall: number, plan: ScrubPlan): DueScrub | undefined {
  const deep = overdueBy(pg, stamps.deep, wall, plan.deepIntervalMs);
  if (plan.mayDeepScrub && deep !== undefined) return { kind: 'deep-scrub', overdue: deep };
  const shallow = overdueBy(pg, stamps.shallow, wall, plan.intervalMs);
  return plan.mayScrub && shallow !== undefined ? { kind: 'scrub', overdue: shallow } : undefined;
}

/** For a PG that was never scrubbed: as if it had been, at some time within the interval, each PG at another. */
export function firstStamps(pg: PgId, wall: number, plan: ScrubPlan): ScrubStamps {
  const share = shareOf(`first ${pg.pool}.${pg.pg}`);
  const at = (intervalMs: number): number => Math.max(0, Math.floor(wall - share * intervalMs));
  return { shallow: at(plan.intervalMs), deep: at(plan.deepIntervalMs), shallowErrors: 0, deepErrors: 0 };
}

function overdueBy(pg: PgId, stamp: number, wall: number, intervalMs: number): number | undefined {
  if (intervalMs === 0) return undefined;
  if (stamp > wall + aheadMsMax) return 0;
  const share = 1 - jitter * shareOf(`${stamp} ${pg.pool}.${pg.pg}`);
  const overdue = (wall - stamp) / intervalMs - share;
  return overdue >= 0 ? overdue : undefined;
}

/** From 0 to below 1, evenly. */
function shareOf(text: string): number {
  return Number(xxh64OfLatin1(text) & 0xffff_ffffn) / 2 ** 32;
}
