/** What primaries reported of their PGs: the newest of each, some 300 bytes, gone with this process. */
import type { PgId, PoolId } from '../../cluster/ids.js';
import type { Pool } from '../../cluster/pool.js';
import type { PgReport } from '../../protocol/pg-reports.js';
import type { PgReportView } from '../soft-state.js';

/** No record has it: a report of it tells how large the PG was, and nothing else. */
const noTerm = -1;

export class PgBook implements PgReportView {
  readonly #pools = new Map<PoolId, Map<number, PgReport>>();
  #version = 0;

  get version(): number {
    return this.#version;
  }

  get({ pool, pg }: PgId): PgReport | undefined {
    return this.#pools.get(pool)?.get(pg);
  }

  /** Of a PG that the map has, in the term of its record. */
  take(report: PgReport): void {
    const { pool, pg } = report.pg;
    let pgs = this.#pools.get(pool);
    if (pgs === undefined) {
      pgs = new Map();
      this.#pools.set(pool, pgs);
    }
    pgs.set(pg, report);
    this.#version += 1;
  }

  /** Forgets all but how large PGs were: sums do not fall to nothing while everybody reports again. */
  age(): void {
    for (const pgs of this.#pools.values()) for (const [pg, report] of pgs) pgs.set(pg, { ...report, term: noTerm });
    this.#version += 1;
  }

  /** Forgets PGs that are not in the map. */
  prune(pools: ReadonlyMap<PoolId, Pick<Pool, 'pgNum'>>): void {
    for (const [id, pgs] of this.#pools) {
      const pgNum = pools.get(id)?.pgNum ?? 0;
      if (pgNum === 0) this.#pools.delete(id);
      else for (const pg of pgs.keys()) if (pg >= pgNum) pgs.delete(pg);
    }
    this.#version += 1;
  }
}
