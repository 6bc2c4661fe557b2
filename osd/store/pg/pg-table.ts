/** The PGs that the store knows, and the index keys of their logs. */
import { printPgId, type PgId } from '../../../cluster/ids.js';
import { logBlockKey, pgCountsKey } from '../format/index-key.js';
import type { Index } from '../index/index.js';
import { encodeLogBlock, type PackedEntry } from './log-block.js';
import { blankPgRecord, encodePgRecord, PgState, type LogCut } from './pg-state.js';

export class PgTable {
  readonly #index: Index;
  readonly #pgs = new Map<string, PgState>();
  /** Changed since the last checkpoint began. */
  readonly #dirty = new Set<PgState>();

  constructor(index: Index) {
    this.#index = index;
  }

  get(pg: PgId): PgState | undefined {
    return this.#pgs.get(printPgId(pg));
  }

  /** In the order in which they came to be known. */
  all(): PgState[] {
    return Array.from(this.#pgs.values());
  }

  /** The PG's state, to be changed; made when there is none. */
  change(pg: PgId): PgState {
    const name = printPgId(pg);
    let state = this.#pgs.get(name);
    if (state === undefined) {
      state = new PgState(pg, blankPgRecord, []);
      this.#pgs.set(name, state);
    }
    this.#dirty.add(state);
    return state;
  }

  /** From a checkpoint. */
  load(state: PgState): void {
    this.#pgs.set(printPgId(state.pg), state);
  }

  append(state: PgState, entry: PackedEntry): void {
    const full = state.append(entry);
    const first = full?.[0];
    if (full !== undefined && first !== undefined) {
      this.#index.put(logBlockKey(state.pg, first.seq), encodeLogBlock(full));
    }
  }

  trim(state: PgState, seq: number): void {
    for (const first of state.trim(seq)) this.#index.delete(logBlockKey(state.pg, first));
  }

  cut(state: PgState, cut: LogCut): void {
    for (const { first } of state.blocks.slice(cut.keptBlocks)) this.#index.delete(logBlockKey(state.pg, first));
    const [tailFirst] = state.tail;
    if (tailFirst !== undefined) this.#index.delete(logBlockKey(state.pg, tailFirst.seq));
    state.cut(cut);
  }

  /** Writes what changed into the index, so that the layer which is frozen next is whole. */
  flush(): void {
    for (const state of this.#dirty) {
      const [first] = state.tail;
      if (first !== undefined) this.#index.put(logBlockKey(state.pg, first.seq), encodeLogBlock(state.tail));
      this.#index.put(pgCountsKey(state.pg), encodePgRecord(state.record));
    }
    this.#dirty.clear();
  }
}
