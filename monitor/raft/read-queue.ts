/**
 * Reads that the leader has to answer (thesis, section 6.4): it notes its commit index, then makes sure that it still
 * leads by a round of heartbeats begun afterwards. One round is under way at a time; reads that arrive meanwhile share
 * the next one.
 */
import { invariant } from '../../base/invariant.js';
import { waitingReadsMax } from './options.js';
import type { LogIndex, MemberId } from './types.js';

export interface WaitingRead {
  /** `undefined`: the leader's own. */
  readonly from: MemberId | undefined;
  readonly id: number;
  /** The leader's ticks when it arrived. */
  readonly arrivedTick: number;
}

interface Batch {
  readonly round: number;
  readonly index: LogIndex;
  readonly reads: readonly WaitingRead[];
}

export class ReadQueue {
  #waiting: WaitingRead[] = [];
  #batch: Batch | undefined;

  /** False when too many wait already. */
  add(read: WaitingRead): boolean {
    if (this.#waiting.length + (this.#batch?.reads.length ?? 0) >= waitingReadsMax) return false;
    this.#waiting.push(read);
    return true;
  }

  /** Whether a round should begin. */
  get wantsRound(): boolean {
    return this.#batch === undefined && this.#waiting.length > 0;
  }

  /** All that wait will be answered with `index` once a majority acknowledges `round`. */
  begin(round: number, index: LogIndex): void {
    invariant(this.wantsRound, 'one round of reads is under way at a time');
    this.#batch = { round, index, reads: this.#waiting };
    this.#waiting = [];
  }

  /** What a majority's acknowledgement of `round` answers. */
  takeAnswered(round: number): Batch | undefined {
    const batch = this.#batch;
    if (batch === undefined || round < batch.round) return undefined;
    this.#batch = undefined;
    return batch;
  }

  /** Those that arrived before `tick` and are not answered yet: no longer waited for. */
  takeExpired(tick: number): readonly WaitingRead[] {
    const isExpired = (read: WaitingRead): boolean => read.arrivedTick < tick;
    const expired = [...(this.#batch?.reads.filter(isExpired) ?? []), ...this.#waiting.filter(isExpired)];
    if (expired.length === 0) return expired;
    this.#waiting = this.#waiting.filter((read) => !isExpired(read));
    const left = this.#batch?.reads.filter((read) => !isExpired(read)) ?? [];
    this.#batch = this.#batch === undefined || left.length === 0 ? undefined : { ...this.#batch, reads: left };
    return expired;
  }
}
