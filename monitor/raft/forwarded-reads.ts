/** Reads of a follower that wait for its leader's answer. */
import { waitingReadsMax } from './options.js';

interface ForwardedRead {
  readonly id: number;
  ticks: number;
}

/** Ids on the wire: 2^31 nonces times 2^22 reads are a safe integer. */
const nonceCount = 2 ** 31;
const readsPerNonce = 2 ** 22;

export class ForwardedReads {
  /** By id on the wire, oldest first. */
  readonly #pending = new Map<number, ForwardedRead>();
  #nonce: number | undefined;
  #sequence = 0;

  /**
   * Ids on the wire start at random in each run: the answer to a read of an earlier run, arriving late, would otherwise
   * answer a later one of the same id with an index from before it.
   */
  seed(jitter: number): void {
    this.#nonce ??= Math.floor(jitter * nonceCount);
  }

  /** The id to ask the leader with; `undefined` when too many wait, or before the first tick. */
  add(id: number): number | undefined {
    if (this.#nonce === undefined || this.#pending.size >= waitingReadsMax) return undefined;
    this.#sequence = (this.#sequence + 1) % readsPerNonce;
    const wireId = this.#nonce * readsPerNonce + this.#sequence;
    this.#pending.set(wireId, { id, ticks: 0 });
    return wireId;
  }

  /** The read that this answers; `undefined` for late and repeated answers. */
  take(wireId: number): number | undefined {
    const read = this.#pending.get(wireId);
    this.#pending.delete(wireId);
    return read?.id;
  }

  /** The ids of those that have waited for `ticksMax`. */
  tick(ticksMax: number): number[] {
    const expired: number[] = [];
    for (const [wireId, read] of this.#pending) {
      read.ticks++;
      if (read.ticks < ticksMax) continue;
      this.#pending.delete(wireId);
      expired.push(read.id);
    }
    return expired;
  }

  /** All ids, which wait no longer. */
  takeAll(): number[] {
    const ids = [...this.#pending.values()].map((read) => read.id);
    this.#pending.clear();
    return ids;
  }
}
