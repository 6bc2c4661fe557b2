/** Values read from LevelDB, and keys known to be absent there: the least recently used go first. */

/** Of an entry in a map of V8, beside key and value. */
const entryOverheadBytes = 150;

const keptShare = 0.9;

export class ReadCache {
  readonly #bytesMax: number;
  readonly #entries = new Map<string, Uint8Array | null>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** `null`: known to be absent. */
  get(key: string): Uint8Array | null | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  add(key: string, value: Uint8Array | null): void {
    this.drop(key);
    this.#entries.set(key, value);
    this.#bytes += sizeOf(key, value);
    if (this.#bytes > this.#bytesMax) this.#evict();
  }

  /** Some at once: a walk from the start of a map passes over all that was deleted there before. */
  #evict(): void {
    for (const [oldest, old] of this.#entries) {
      if (this.#bytes <= keptShare * this.#bytesMax) return;
      this.#entries.delete(oldest);
      this.#bytes -= sizeOf(oldest, old);
    }
  }

  drop(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= sizeOf(key, value);
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}

function sizeOf(key: string, value: Uint8Array | null): number {
  return key.length + (value?.byteLength ?? 0) + entryOverheadBytes;
}
