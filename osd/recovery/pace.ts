/**
 * How fast work in the background goes on: at full speed while no client asks for anything, else with rests that leave the
 * larger part of the time to clients. Pure: it says how long to rest.
 *
 *     piece ├────┤ rest, in proportion to what the piece took ├────┤ ...
 *
 * What a piece takes counts the waiting for the processor, the disk and the network that clients compete for. So rests grow by
 * themselves where those are busy, whatever it is that is short, and shrink where they are not.
 */
import type { MonotonicMs } from '../../base/instants.js';

/** Clients count as active so long after a request. Longer than the gaps of one that waits for its answers. */
const activeMs = 250;
/** Of the time, beside active clients: a fifth. More makes recovery faster and clients slower. */
const restPerWork = 4;
/** Recovery goes on beside any load, at least a piece so often. */
const restMsMax = 100;

export class Pace {
  #clientAt = -Infinity;

  /** A client asked for something. */
  onClient(now: MonotonicMs): void {
    this.#clientAt = now;
  }

  /** Milliseconds to rest after a piece of work that took `tookMs`. */
  restAfter(now: MonotonicMs, tookMs: number): number {
    if (now - this.#clientAt > activeMs) return 0;
    return Math.min(restMsMax, tookMs * restPerWork);
  }
}
