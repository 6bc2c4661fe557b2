import type { MonotonicMs, WallMs } from '../base/instants.js';

/** A pending call. `cancel` is idempotent and does nothing once the call was made. */
export interface Timer {
  cancel(): void;
}

/** Time and the event loop's turns. Callbacks are never called from inside the method that takes them. */
export interface Clock {
  /** Never goes back; starts anywhere; stands still while the machine is suspended. */
  now(): MonotonicMs;
  /** May jump both ways; for people, dates and cross-checks, never for safety. */
  wall(): WallMs;
  /** Calls back once, no earlier than `delayMs` from now (0 to 2^31-1). Timers of one instant fire in the order set. */
  after(delayMs: number, callback: () => void): Timer;
  /** Calls back once after the I/O callbacks of this turn (`setImmediate`): the place to flush what a turn gathered. */
  nextTurn(callback: () => void): Timer;
  /** Rejects with `CANCELLED` when `signal` aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Lets pending I/O run: long work calls this between slices (DESIGN.md §8: no turn over 20 ms). */
  yieldTurn(): Promise<void>;
}

/** How long a caller waits. `deadline` is absolute, set once at the edge and passed down unchanged. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly deadline?: MonotonicMs | undefined;
}
