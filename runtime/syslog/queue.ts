import { invariant } from '../../base/invariant.js';

/** Messages that wait to be sent, bounded in count and bytes. At the bound the oldest go: the newest say what is wrong now. */
export class MessageQueue {
  readonly #countMax: number;
  readonly #bytesMax: number;
  readonly #messages: Uint8Array[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(countMax: number, bytesMax: number) {
    invariant(countMax >= 1 && bytesMax >= 1, 'a queue holds something', { countMax, bytesMax });
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#messages.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Dropped since `takeDropped`. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Returns how many messages were dropped for it; a message larger than the whole queue is dropped itself. */
  add(takeMessage: Uint8Array): number {
    this.#messages.push(takeMessage);
    this.#bytes += takeMessage.byteLength;
    let dropped = 0;
    while (this.#messages.length > this.#countMax || this.#bytes > this.#bytesMax) {
      this.take();
      dropped += 1;
    }
    this.#dropped += dropped;
    return dropped;
  }

  /** The oldest. */
  take(): Uint8Array | undefined {
    const message = this.#messages.shift();
    this.#bytes -= message?.byteLength ?? 0;
    return message;
  }

  /** Counts messages that were taken and could not be sent. */
  addDropped(count: number): void {
    this.#dropped += count;
  }

  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
