/** How much LevelDB wrote, about: each file of its directory at its largest, as seen while it was there. */
import { readdirSync, statSync } from 'node:fs';

/** Files of LevelDB live longer, nearly all of them. */
const lookMs = 50;

export class IndexWatch {
  readonly #directory: string;
  readonly #sizes = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #before = 0;

  constructor(directory: string) {
    this.#directory = directory;
    this.#timer = setInterval(() => this.#look(), lookMs);
    this.mark();
  }

  /** Counts from here. */
  mark(): void {
    this.#look();
    this.#before = this.#total();
  }

  writtenBytes(): number {
    this.#look();
    return this.#total() - this.#before;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #total(): number {
    let total = 0;
    for (const bytes of this.#sizes.values()) total += bytes;
    return total;
  }

  #look(): void {
    for (const name of readdirSync(this.#directory)) {
      try {
        const { size } = statSync(`${this.#directory}/${name}`);
        this.#sizes.set(name, Math.max(size, this.#sizes.get(name) ?? 0));
      } catch {
        // It was removed just now.
      }
    }
  }
}
