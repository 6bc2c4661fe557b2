/**
 * Activation, step 3 (PG-PROTOCOL.md section 4): a new primary serves only when no promise to an older one can be relied upon
 * any more. Each Head tells of promises; each is over when its time is, or as soon as its holder is known to have
 * given up: it answered Collect or Fence in this term or beyond, or it runs no more.
 */
import type { MonotonicMs } from '../../../base/instants.js';
import type { StoreNumber } from '../../../cluster/ids.js';
import { endOfOthersMs } from './lease-time.js';
import type { LeasePromise, OsdRun } from './types.js';

export class PromiseWait {
  /** The latest end, by holder's store and then boot. */
  readonly #ends = new Map<StoreNumber, Map<number, { readonly holder: OsdRun; endsAt: MonotonicMs }>>();
  /** Of each store: the runs below have given up. */
  readonly #givenUpBelow = new Map<StoreNumber, number>();

  /** One for each term that is activated. */
  constructor(self: OsdRun) {
    // It entered this term itself, and an earlier run of it is no more.
    this.onRegistered({ ...self, boot: self.boot + 1 });
  }

  /** A Head of this term came at `now`. Twice is harmless. */
  onHead(now: MonotonicMs, promises: readonly LeasePromise[]): void {
    for (const { holder, leftMs } of promises) {
      if (this.#hasGivenUp(holder)) continue;
      const runs = this.#ends.get(holder.store) ?? new Map<number, { holder: OsdRun; endsAt: MonotonicMs }>();
      this.#ends.set(holder.store, runs);
      const endsAt = endOfOthersMs(now, leftMs);
      const known = runs.get(holder.boot);
      if (known === undefined) runs.set(holder.boot, { holder, endsAt });
      else if (endsAt > known.endsAt) known.endsAt = endsAt;
    }
  }

  /** It answered Collect or Fence in this term or a later one: whatever it was promised, it does not read by it. */
  onFenced({ store, boot }: OsdRun): void {
    this.#giveUp(store, boot + 1);
  }

  /** The map shows this run, which registered, or never will (a goodbye): an earlier one of the same store is no more. */
  onRegistered({ store, boot }: OsdRun): void {
    this.#giveUp(store, boot);
  }

  /** Milliseconds until nothing is left to wait for; 0 when that is now. Only of use once all Heads came. */
  untilOver(now: MonotonicMs): number {
    let end: number = now;
    for (const runs of this.#ends.values()) for (const { endsAt } of runs.values()) end = Math.max(end, endsAt);
    return end - now;
  }

  /** Who is waited for, and may be asked (Fence): its answer ends the wait sooner. */
  holders(now: MonotonicMs): OsdRun[] {
    const standing: OsdRun[] = [];
    for (const runs of this.#ends.values())
      for (const { holder, endsAt } of runs.values()) if (endsAt > now) standing.push(holder);
    return standing;
  }

  #hasGivenUp({ store, boot }: OsdRun): boolean {
    return boot < (this.#givenUpBelow.get(store) ?? 0);
  }

  #giveUp(store: StoreNumber, below: number): void {
    this.#givenUpBelow.set(store, Math.max(below, this.#givenUpBelow.get(store) ?? 0));
    const runs = this.#ends.get(store);
    for (const [boot, { holder }] of runs ?? []) if (this.#hasGivenUp(holder)) runs?.delete(boot);
  }
}
