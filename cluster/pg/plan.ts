/** Changes of many records at once, as the map's changes carry them: per pool, PGs ascending. */
import type { PoolId } from '../ids.js';
import type { MapChange } from '../change.js';
import type { PgRecord } from '../pg-record.js';

export type RecordsChange = Extract<MapChange, { kind: 'records' }>;

/** Records that one step of a plan looks at closely: some 2 µs each. */
export const planStepRecordCount = 256;

/** PGs that are passed over between two of them, at about 5 ns each: a step takes a millisecond, 10 ms at worst. */
export const planStepScanCount = 8_192;

/** Collects records in the order of a cursor. */
export class PlanBuilder {
  readonly #changes: RecordsChange[] = [];
  #pool: PoolId | undefined;
  #pgs: number[] = [];
  #records: PgRecord[] = [];

  add(pool: PoolId, pg: number, record: PgRecord): void {
    if (pool !== this.#pool) this.#close();
    this.#pool = pool;
    this.#pgs.push(pg);
    this.#records.push(record);
  }

  finish(): RecordsChange[] {
    this.#close();
    return this.#changes;
  }

  #close(): void {
    if (this.#pool !== undefined && this.#pgs.length > 0) {
      this.#changes.push({
        kind: 'records',
        pool: this.#pool,
        pgs: Uint32Array.from(this.#pgs),
        records: this.#records,
      });
    }
    this.#pgs = [];
    this.#records = [];
  }
}
