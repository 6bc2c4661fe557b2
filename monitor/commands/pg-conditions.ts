/** How PGs are doing by their records, for `pg ls`, `pg stat` and `pool stats`. */
import { type PgId, printPgId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { type PgCondition, pgCondition } from '../../cluster/pg/condition.js';
import { type UpOf, pgContext } from '../../cluster/pg/context.js';
import type { PgRecord } from '../../cluster/pg-record.js';
import type { Pool } from '../../cluster/pool.js';
import type { PgInfo } from '../../protocol/commands/pg.js';

/** Worst first. */
export const conditionStates: readonly PgCondition['state'][] = [
  'lost',
  'down',
  'unborn',
  'undersized',
  'unconfirmed',
  'serving',
];

export function pgInfo(map: ClusterMap, pool: Pool, pg: PgId, record: PgRecord, up: UpOf): PgInfo {
  const shouldBe = up(pg.pool, pg.pg);
  return {
    pg: printPgId(pg),
    term: record.term,
    state: pgCondition(record, shouldBe, pool, pgContext(map, pool, pg.pg)).state,
    up: shouldBe,
    acting: record.acting.map(({ osd }) => osd),
    eligible: record.eligible.map(({ osd }) => osd),
    ackCopies: record.mode.kind === 'sync' ? 0 : record.mode.ackCopies,
  };
}

export class ConditionCounts {
  readonly #states = new Map<PgCondition['state'], number>();
  missingCopies = 0;
  misplacedCopies = 0;

  add({ state, missingCopies, misplacedCopies }: PgCondition): void {
    this.#states.set(state, (this.#states.get(state) ?? 0) + 1);
    this.missingCopies += missingCopies;
    this.misplacedCopies += misplacedCopies;
  }

  get states(): { readonly state: string; readonly pgs: number }[] {
    return conditionStates.flatMap((state) => {
      const pgs = this.#states.get(state);
      return pgs === undefined ? [] : [{ state, pgs }];
    });
  }
}
