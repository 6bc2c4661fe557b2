/** How PGs are doing by their records, for `pg ls`, `pg stat` and `pool stats`. */
import { type PgId, printPgId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { type PgCondition, pgCondition } from '../../cluster/pg/condition.js';
import { type UpOf, pgContext } from '../../cluster/pg/context.js';
import type { PgRecord } from '../../cluster/pg-record.js';
import type { Pool } from '../../cluster/pool.js';
import type { PgInfo } from '../../protocol/commands/pg.js';
import { recordState } from '../health/record-state.js';

export function pgInfo(map: ClusterMap, pool: Pool, pg: PgId, record: PgRecord, up: UpOf): PgInfo {
  const shouldBe = up(pg.pool, pg.pg);
  return {
    pg: printPgId(pg),
    term: record.term,
    state: recordState(pgCondition(record, shouldBe, pool, pgContext(map, pool, pg.pg))),
    up: shouldBe,
    acting: record.acting.map(({ osd }) => osd),
    eligible: record.eligible.map(({ osd }) => osd),
    ackCopies: record.mode.kind === 'sync' ? 0 : record.mode.ackCopies,
  };
}

export class ConditionCounts {
  readonly #states = new Map<string, number>();
  missingCopies = 0;
  misplacedCopies = 0;

  add(condition: PgCondition): void {
    const { missingCopies, misplacedCopies } = condition;
    const state = recordState(condition);
    this.#states.set(state, (this.#states.get(state) ?? 0) + 1);
    this.missingCopies += missingCopies;
    this.misplacedCopies += misplacedCopies;
  }

  /** The most frequent first. */
  get states(): { readonly state: string; readonly pgs: number }[] {
    return [...this.#states]
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .map(([state, pgs]) => ({ state, pgs }));
  }
}
