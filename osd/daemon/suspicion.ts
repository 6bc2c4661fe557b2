/** What an OSD thinks of one life of another, by its heartbeats: pure. Instants are of its own clock. */
import { type MonotonicMs, monotonicMs } from '../../base/instants.js';
import { reportIntervalMs } from '../../protocol/heartbeat-times.js';

/** What the monitors are to be told; `silentMs` since it was last heard, 0 for `refused`. */
export interface Said {
  readonly kind: 'refused' | 'silent' | 'heard';
  readonly silentMs: number;
}

/** A process that started anew registers within this time, and the map shows it: nothing has to be reported. */
const registersMs = 2_000;

export class Suspicion {
  #heardAt: MonotonicMs;
  #refusedAt: MonotonicMs | undefined;
  #laterLifeAt: MonotonicMs | undefined;
  #saidAt: MonotonicMs | undefined;

  /** The map has it up: that is as good as having heard it. */
  constructor(now: MonotonicMs) {
    this.#heardAt = now;
  }

  silentMs(now: MonotonicMs): number {
    return now - this.#heardAt;
  }

  /** It answered. */
  heard(now: MonotonicMs): Said | undefined {
    this.#heardAt = now;
    this.#refusedAt = undefined;
    this.#laterLifeAt = undefined;
    if (this.#saidAt === undefined) return undefined;
    this.#saidAt = undefined;
    return { kind: 'heard', silentMs: 0 };
  }

  /** Its machine answers that nobody listens: it is gone, for certain. */
  refused(now: MonotonicMs): Said | undefined {
    this.#refusedAt = now;
    return this.#say(now, { kind: 'refused', silentMs: 0 });
  }

  /** Another process answers in its place, started later. As certain, if the map does not come to say so by itself. */
  laterLife(now: MonotonicMs): Said | undefined {
    this.#laterLifeAt ??= now;
    return now - this.#laterLifeAt < registersMs ? undefined : this.refused(now);
  }

  /** Time passed. */
  tick(now: MonotonicMs, graceMs: number): Said | undefined {
    const silentMs = this.silentMs(now);
    if (silentMs < graceMs) return undefined;
    // What is certain is not followed by what is not.
    if (this.#refusedAt !== undefined && now - this.#refusedAt < 2 * reportIntervalMs) return undefined;
    return this.#say(now, { kind: 'silent', silentMs });
  }

  /** This process itself stood still: whatever it did not hear meanwhile proves nothing. */
  forgive(now: MonotonicMs): void {
    this.#heardAt = monotonicMs(Math.max(this.#heardAt, now));
    this.#refusedAt = undefined;
    this.#laterLifeAt = undefined;
  }

  /** Once per interval while it lasts. */
  #say(now: MonotonicMs, said: Said): Said | undefined {
    if (this.#saidAt !== undefined && now - this.#saidAt < reportIntervalMs) return undefined;
    this.#saidAt = now;
    return said;
  }
}
