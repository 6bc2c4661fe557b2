/**
 * What of this member's promises is on its disk, while several outputs are on their way there.
 *
 * The trap: entries 5 to 7 are handed out in output 1; then a new leader replaces 6 and 7 in output 2. When output 1 is
 * reported durable, 6 and 7 are what they no longer should be. So a write counts only as far as no later write has
 * replaced it.
 */
import { invariant } from '../../base/invariant.js';
import { logIndex, type LogIndex } from './types.js';

interface Write {
  readonly output: number;
  /** The last entry of it that has not been replaced since. */
  last: number;
}

export class Durability {
  #index: number;
  #acknowledged = 0;
  /** In the order of their outputs. Bounded by the bytes of appends in flight, and of unpersisted entries. */
  readonly #writes: Write[] = [];
  #hardStateOutput = 0;

  constructor(last: LogIndex) {
    this.#index = last;
  }

  /** Every entry of the log up to here, as it is now, survives a restart. */
  get index(): LogIndex {
    return logIndex(this.#index);
  }

  /** Whether the current term and vote survive a restart: without them no promise made in this term would. */
  get isHardStateDurable(): boolean {
    return this.#hardStateOutput <= this.#acknowledged;
  }

  isAcknowledged(output: number): boolean {
    return output <= this.#acknowledged;
  }

  hardStateWritten(output: number): void {
    this.#hardStateOutput = output;
  }

  /** Output `output` holds entries `first` to `last`, which replace whatever was there and after it. */
  entriesWritten(output: number, first: number, last: number): void {
    this.#forgetFrom(first);
    this.#writes.push({ output, last });
  }

  /** Output `output` completes a snapshot up to `index`; without the rest of the log unless it extends the snapshot. */
  snapshotWritten(output: number, index: LogIndex, options: { readonly keepsLogTo: LogIndex | undefined }): void {
    // What was committed before is in the snapshot; what was not may be in conflict with it.
    if (options.keepsLogTo !== undefined) this.#forgetFrom(options.keepsLogTo + 1);
    this.#writes.push({ output, last: index });
  }

  /** A snapshot of the driver's own making is durable. */
  compacted(index: LogIndex): void {
    this.#index = Math.max(this.#index, index);
  }

  /** Everything of the outputs up to and with `output` is durable. */
  persisted(output: number): void {
    if (output <= this.#acknowledged) return;
    this.#acknowledged = output;
    const pending = this.#writes.findIndex((write) => write.output > output);
    const done = this.#writes.splice(0, pending === -1 ? this.#writes.length : pending);
    for (const write of done) this.#index = Math.max(this.#index, write.last);
  }

  #forgetFrom(index: number): void {
    invariant(index >= 1, 'an index in the log');
    this.#index = Math.min(this.#index, index - 1);
    for (const write of this.#writes) write.last = Math.min(write.last, index - 1);
  }
}
