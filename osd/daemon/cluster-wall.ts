import { type MonotonicMs, type WallMs, wallMs } from '../../base/instants.js';

/**
 * The cluster's wall time as the monitors last told it: never back, also when another leader says less. Only dates rest on
 * it, never safety.
 */
export class ClusterWall {
  #told: { readonly wall: WallMs; readonly at: MonotonicMs } | undefined;

  note(wall: number, at: MonotonicMs): void {
    if (this.#told !== undefined && wall < this.#told.wall) return;
    this.#told = { wall: wallMs(wall), at };
  }

  /** The time now, as far as it is known, and how old that is; `undefined` before the first answer. */
  at(now: MonotonicMs): { readonly ms: number; readonly ageMs: number } | undefined {
    if (this.#told === undefined) return undefined;
    const ageMs = Math.max(0, now - this.#told.at);
    return { ms: Math.floor(this.#told.wall + ageMs), ageMs };
  }
}
