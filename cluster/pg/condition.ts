/** How a PG is doing, from its record and from where it should be. Backfill and scrub are for its primary to report. */
import type { OsdId } from '../ids.js';
import type { PgRecord } from '../pg-record.js';
import type { Pool } from '../pool.js';
import type { PgContext } from './context.js';
import { membersOf } from './next-record.js';

export interface PgCondition {
  /**
   * - `unborn`: no OSDs for it yet; nothing was written
   * - `lost`: every member is gone; only `force` continues it
   * - `down`: nobody who could act is up; it waits for a member to come back
   * - `undersized`: somebody acts, but fewer than `minSize`; it recovers, and serves nobody
   * - `unconfirmed`: its primary has not confirmed the term; serves as soon as it has
   * - `serving`: may serve by its record; whether its primary is ready is not known here
   */
  readonly state: 'unborn' | 'lost' | 'down' | 'undersized' | 'unconfirmed' | 'serving';
  /** Copies fewer than the pool wants (0 to `size`): those that act and are up count. */
  readonly missingCopies: number;
  /** Copies that act, are up, and belong elsewhere: while nothing is missing, data that has to move. */
  readonly misplacedCopies: number;
  /** OSDs of the up set that have to join, in its order. */
  readonly joining: readonly OsdId[];
  /** By the up set another member should lead. */
  readonly isPrimaryMisplaced: boolean;
}

/** `up` is the PG's up set under the same map as `context`. */
export function pgCondition(
  record: PgRecord,
  up: readonly OsdId[],
  pool: Pick<Pool, 'size'>,
  context: PgContext,
): PgCondition {
  const serving = record.acting.filter((member) => context.isUp(member));
  // By store as well: an OSD with a new disk has to join, whatever its old one was.
  const known = membersOf(record).filter((member) => !context.isGone(member));
  const [primary] = serving;
  return {
    state: stateOf(record, serving.length, context),
    missingCopies: record.term === 0 ? 0 : Math.max(0, pool.size - serving.length),
    misplacedCopies: up.length === 0 ? 0 : serving.filter(({ osd }) => !up.includes(osd)).length,
    joining: record.term === 0 ? [] : up.filter((osd) => !known.some((member) => member.osd === osd)),
    isPrimaryMisplaced: primary !== undefined && up[0] !== undefined && primary.osd !== up[0],
  };
}

function stateOf(record: PgRecord, servingCount: number, context: PgContext): PgCondition['state'] {
  if (record.term === 0) return 'unborn';
  const members = membersOf(record);
  if (members.every((member) => context.isGone(member))) return 'lost';
  // One of several acting members that is down stops the PG too, but only until the monitors remove it in a moment.
  if (servingCount === 0) return 'down';
  if (servingCount < context.pool.minSize) return 'undersized';
  return record.eligible.length > 0 ? 'unconfirmed' : 'serving';
}
