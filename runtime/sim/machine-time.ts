/**
 * A machine's clocks against the world's. The monotonic clock runs at the machine's own rate and stands still while the
 * machine is suspended; the wall clock has an offset, and jumps ahead by the pause when the machine resumes.
 *
 * Clocks tick in steps of 1/1024 ms, a power of two, so that sums and differences of instants and whole milliseconds are
 * exact and "no earlier than `delayMs`" holds to the last bit.
 */

export const tickMs = 1 / 1024;

/** Wall time of every world's beginning: 2026-01-01T00:00:00Z. */
const wallOriginMs = 1_767_225_600_000;

export function ceilTick(ms: number): number {
  return Math.ceil(ms * 1024) / 1024;
}

export function floorTick(ms: number): number {
  return Math.floor(ms * 1024) / 1024;
}

export interface MachineTimeOptions {
  /** Where the monotonic clock starts. */
  readonly origin: number;
  /** Local milliseconds per world millisecond. */
  readonly rate: number;
  readonly wallOffsetMs: number;
}

export class MachineTime {
  readonly #origin: number;
  readonly #rate: number;
  #wallOffsetMs: number;
  #stoodStillMs = 0;
  #suspendedAt: number | undefined;

  constructor(options: MachineTimeOptions) {
    this.#origin = floorTick(options.origin);
    this.#rate = options.rate;
    this.#wallOffsetMs = options.wallOffsetMs;
  }

  get isSuspended(): boolean {
    return this.#suspendedAt !== undefined;
  }

  get stoodStillMs(): number {
    return this.#stoodStillMs;
  }

  monotonic(worldNow: number): number {
    const running = (this.#suspendedAt ?? worldNow) - this.#stoodStillMs;
    return floorTick(this.#origin + running * this.#rate);
  }

  wall(worldNow: number): number {
    return floorTick(wallOriginMs + worldNow * this.#rate + this.#wallOffsetMs);
  }

  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** The first world instant at which the monotonic clock shows `local` or more, were the machine never suspended. */
  worldTimeOf(local: number): number {
    let time = ceilTick((local - this.#origin) / this.#rate + this.#stoodStillMs);
    while (floorTick(this.#origin + (time - this.#stoodStillMs) * this.#rate) < local) time += tickMs;
    return time;
  }

  suspend(worldNow: number): void {
    this.#suspendedAt ??= worldNow;
  }

  resume(worldNow: number): void {
    if (this.#suspendedAt === undefined) return;
    this.#stoodStillMs += worldNow - this.#suspendedAt;
    this.#suspendedAt = undefined;
  }
}
