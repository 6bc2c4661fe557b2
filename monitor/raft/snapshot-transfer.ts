/**
 * The leader's side of sending a snapshot to one member: a few chunks in flight, resumed where the member says, sent
 * again after a silence. It stays with the snapshot it began, even when the log is compacted further: else a slow member
 * would start over with every compaction, and never finish. replication.ts says for how long.
 */
import { snapshotChunksInFlightMax } from './options.js';
import type { SnapshotMeta } from './types.js';

export class SnapshotTransfer {
  readonly meta: SnapshotMeta;
  /** Chunks before this one are durable at the member. */
  #acknowledged = 0;
  /** The next to send. */
  #sent = 0;
  /** The member said last that it wants this one, although it had acknowledged later ones: it lost them in a restart. */
  #regressed: number | undefined;
  #idleTicks = 0;

  constructor(meta: SnapshotMeta) {
    this.meta = meta;
  }

  get isComplete(): boolean {
    return this.#acknowledged >= this.meta.chunks;
  }

  /** How many chunks the member has: what a new beginning would send again. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The chunks to send now, in order. */
  takeChunks(): number[] {
    const chunks: number[] = [];
    const end = Math.min(this.meta.chunks, this.#acknowledged + snapshotChunksInFlightMax);
    while (this.#sent < end) chunks.push(this.#sent++);
    return chunks;
  }

  /** The member wants chunk `next`. */
  acknowledge(next: number): void {
    if (next > this.#acknowledged) {
      this.#acknowledged = next;
      this.#sent = Math.max(this.#sent, next);
      this.#regressed = undefined;
      this.#idleTicks = 0;
    } else if (next < this.#acknowledged) {
      // Perhaps just late. Believed after a silence: else each late reply would have chunks sent again.
      this.#regressed = next;
    }
  }

  /** After `retryTicks` without news, what is not acknowledged will be sent again. */
  tick(retryTicks: number): void {
    this.#idleTicks++;
    if (this.#idleTicks < retryTicks) return;
    this.#idleTicks = 0;
    this.#acknowledged = this.#regressed ?? this.#acknowledged;
    this.#regressed = undefined;
    this.#sent = this.#acknowledged;
  }

  /** The driver did not send what it was asked to; the next tick asks again, not this step: it might fail at once. */
  failed(retryTicks: number): void {
    this.#idleTicks = retryTicks;
  }
}
