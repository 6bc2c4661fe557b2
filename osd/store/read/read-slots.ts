/**
 * How many reads of segments may be under way: a read that has to wait for the disk holds a thread of the pool, and a
 * commit must always find one (docs/NODE-LIMITS.md 5).
 */
export class ReadSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** `count`: the threads of the pool less those kept for commits and LevelDB. */
  constructor(count: number) {
    this.#free = count;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `use` when there is a slot, in the order of the calls. */
  async run<T>(use: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await use();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
