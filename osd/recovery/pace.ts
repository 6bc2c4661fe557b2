/**
 * How fast work in the background goes on: at full speed while no client asks for anything, else with rests that are to leave
 * nine tenths of the time to clients (what they lose all the same: `npm run bench:recovery`). Pure: it says how long to rest. One
 * for all of an OSD, whose streams share the time: four streams that rested each for itself would take four times the share.
 *
 *     stream a  piece ├────┤ rest ............ ├────┤ ...
 *     stream b       piece ├────┤ .... behind a's ....... rest ├────┤ ...
 *
 * What a piece takes counts the waiting for the processor, the disk and the network that clients compete for. So rests grow by
 * themselves where those are busy, whatever it is that is short, and shrink where they are not. And they count by how much clients
 * are there: one that asks now and then has no use for an idle disk in between.
 */
import { type MonotonicMs, monotonicMs } from '../../base/instants.js';
import { invariant } from '../../base/invariant.js';

/** How much clients are there is looked at over one to two of these. */
const windowMs = 500;
/** Beside clients that are always there, of the time a tenth. */
const restPerWork = 9;
/** From here on a piece is work for as long as it takes. */
const largeBytes = 256 * 1024;
/** What a small one takes is mostly the waiting for disks to sync: of that a quarter is work. */
const smallWork = 0.25;
/** Recovery goes on beside any load: a piece at least so often. */
const restMsMax = 1_000;

export class Pace {
  /** Requests of clients under way. */
  #running = 0;
  #busySince = monotonicMs(0);
  #windowStart = monotonicMs(0);
  /** Of the window, and of the one before: in which requests were under way. */
  #busyMs = 0;
  #busyMsBefore = 0;
  /** Until then all rest. */
  #restUntil = monotonicMs(0);

  clientBegan(now: MonotonicMs): void {
    this.#turn(now);
    if (this.#running === 0) this.#busySince = now;
    this.#running += 1;
  }

  clientEnded(now: MonotonicMs): void {
    this.#turn(now);
    this.#running -= 1;
    invariant(this.#running >= 0, 'a request ends once');
    if (this.#running === 0) this.#busyMs += now - this.#busySince;
  }

  /** Of the last half to whole second, the share in which requests of clients were under way. */
  clientShare(now: MonotonicMs): number {
    this.#turn(now);
    const current = this.#busyMs + (this.#running > 0 ? now - this.#busySince : 0);
    return Math.min(1, (this.#busyMsBefore + current) / (windowMs + (now - this.#windowStart)));
  }

  /** Milliseconds to rest after a piece of work of so many bytes that took `tookMs`. Default: a large one. */
  restAfter(now: MonotonicMs, tookMs: number, bytes = largeBytes): number {
    const share = this.clientShare(now);
    if (share === 0) return 0;
    const work = tookMs * Math.max(smallWork, Math.min(1, bytes / largeBytes));
    const rest = Math.min(restMsMax, work * restPerWork * share);
    this.#restUntil = monotonicMs(Math.max(now, this.#restUntil) + rest);
    return this.#restUntil - now;
  }

  #turn(now: MonotonicMs): void {
    const passed = Math.floor((now - this.#windowStart) / windowMs);
    if (passed <= 0) return;
    const start = monotonicMs(this.#windowStart + passed * windowMs);
    if (this.#running > 0) {
      const inWindow = Math.max(0, this.#windowStart + windowMs - this.#busySince);
      this.#busyMs += Math.min(windowMs, inWindow);
      this.#busySince = start;
    }
    const isRunning = this.#running > 0;
    this.#busyMsBefore = passed === 1 ? this.#busyMs : isRunning ? windowMs : 0;
    this.#busyMs = 0;
    this.#windowStart = start;
  }
}
