import { type MonotonicMs, type WallMs, wallMs } from '../../base/instants.js';

/**
 * The cluster's wall time as the monitors last told it: never back, also when another leader says less. Only dates rest on
 * it, never safety. It stands still between two answers rather than run ahead of the leader's.
 */
export class ClusterWall {
  #told: { readonly wall: WallMs; readonly at: MonotonicMs } | undefined;

  note(wall: number, at: MonotonicMs): void {
    if (this.#told !== undefined && wall < this.#told.wall) return;
    this.#told = { wall: wallMs(wall), at };
  }

  /** `undefined` before the first answer; `at` is when it came, by this process's clock. */
  get told(): { readonly wall: WallMs; readonly at: MonotonicMs } | undefined {
    return this.#told;
  }
}
