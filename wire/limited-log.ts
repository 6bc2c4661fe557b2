import type { MonotonicMs } from '../base/instants.js';
import type { Clock } from '../runtime/clock.js';
import type { LogFields, Logger } from '../runtime/log.js';

/**
 * A log for what others can provoke at will: at most `burst` records per `intervalMs`; how many were left out stands in
 * the next one that passes.
 */
export class LimitedLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #burst: number;
  readonly #intervalMs: number;
  #windowStart: MonotonicMs;
  #count = 0;
  #suppressed = 0;

  constructor(clock: Clock, log: Logger, options: { readonly burst?: number; readonly intervalMs?: number } = {}) {
    this.#clock = clock;
    this.#log = log;
    this.#burst = options.burst ?? 10;
    this.#intervalMs = options.intervalMs ?? 10_000;
    this.#windowStart = clock.now();
  }

  warn(fields: LogFields, sentence: string): void {
    if (this.#passes()) this.#log.warn(this.#with(fields), sentence);
  }

  error(fields: LogFields, sentence: string): void {
    if (this.#passes()) this.#log.error(this.#with(fields), sentence);
  }

  #passes(): boolean {
    const now = this.#clock.now();
    if (now - this.#windowStart >= this.#intervalMs) {
      this.#windowStart = now;
      this.#count = 0;
    }
    if (this.#count < this.#burst) {
      this.#count++;
      return true;
    }
    this.#suppressed++;
    return false;
  }

  #with(fields: LogFields): LogFields {
    if (this.#suppressed === 0) return fields;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return { ...fields, suppressed };
  }
}
