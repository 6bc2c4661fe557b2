/** The PGs that the store knows, and the index keys of their logs. */
import { printPgId, type PgId } from '../../../cluster/ids.js';
import { logBlockKey, pgCountsKey } from '../format/index-key.js';
import type { Index } from '../index/index.js';
import type { PackedEntry } from './log-block.js';
import { blankPgRecord, encodePgRecord, PgState, type LogCut, type LogParts, type SplitParts } from './pg-state.js';

export class PgTable {
  readonly #index: Index;
  /** By pool and PG: each transaction looks here, and to print names for that would cost more than the look. */
  readonly #pools = new Map<number, Map<number, PgState>>();
  readonly #names = new Map<string, PgState>();
  /** Changed since the last checkpoint began. */
  readonly #dirty = new Set<PgState>();

  constructor(index: Index) {
    this.#index = index;
  }

  get(pg: PgId): PgState | undefined {
    return this.#pools.get(pg.pool)?.get(pg.pg);
  }

  /** In the order in which they came to be known. */
  all(): PgState[] {
    return Array.from(this.#names.values());
  }

  /** The PG's state, to be changed; made when there is none. */
  change(pg: PgId): PgState {
    let state = this.get(pg);
    if (state === undefined) {
      state = new PgState(pg, blankPgRecord, []);
      this.load(state);
    }
    this.#dirty.add(state);
    return state;
  }

  /** From a checkpoint. */
  load(state: PgState): void {
    const { pool, pg } = state.pg;
    const ofPool = this.#pools.get(pool) ?? new Map<number, PgState>();
    this.#pools.set(pool, ofPool.set(pg, state));
    this.#names.set(printPgId(state.pg), state);
  }

  append(state: PgState, entry: PackedEntry): void {
    const full = state.append(entry);
    if (full !== undefined) this.#index.put(logBlockKey(state.pg, full.first), full.bytes);
  }

  trim(state: PgState, seq: number): void {
    for (const first of state.trim(seq)) this.#index.delete(logBlockKey(state.pg, first));
  }

  cut(state: PgState, cut: LogCut): void {
    for (const { first } of state.blocks.slice(cut.keptBlocks)) this.#index.delete(logBlockKey(state.pg, first));
    const { tailFirst } = state;
    if (tailFirst !== undefined) this.#index.delete(logBlockKey(state.pg, tailFirst));
    state.cut(cut);
  }

  /** From here on the children are PGs of their own. */
  split(state: PgState, { own, children }: SplitParts): void {
    for (const { pg, counts, log } of children) {
      const child = state.child(pg, counts, log);
      this.load(child);
      this.#dirty.add(child);
      this.#putBlocks(child, log);
    }
    state.splitOff(own.counts, own.log);
    this.#dirty.add(state);
    this.#putBlocks(state, own.log);
  }

  #putBlocks({ pg }: PgState, { blocks, stored }: LogParts): void {
    for (const [i, { first }] of blocks.entries()) {
      const bytes = stored[i];
      if (bytes !== undefined) this.#index.put(logBlockKey(pg, first), bytes);
    }
  }

  /** Writes what changed into the index, so that the layer which is frozen next is whole. */
  flush(): void {
    for (const state of this.#dirty) {
      const { tailFirst } = state;
      if (tailFirst !== undefined) this.#index.put(logBlockKey(state.pg, tailFirst), state.tailBlock());
      this.#index.put(pgCountsKey(state.pg), encodePgRecord(state.record));
    }
    this.#dirty.clear();
  }
}
