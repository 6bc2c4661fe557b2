/**
 * A hash map of many entries that never grows in one long step: V8 rehashes a map of a quarter of a million entries at once,
 * for 30 to 50 ms. Here each of 64 parts does it on its own, at some other time, for a sixty-fourth of that.
 *
 * Keys are latin1. Which part one is in is told by three of its characters, which costs less than a hash of all of it: the one
 * at `spreadAt`, and the last two, for keys that differ at their end only.
 */
const shardCount = 64;

export class ShardedMap<V> {
  readonly #spreadAt: number;
  readonly #shards: readonly Map<string, V>[];
  #size = 0;

  /** `spreadAt`: index of a character that is spread evenly over most keys; shorter keys have none, which is fine. */
  constructor(spreadAt: number) {
    this.#spreadAt = spreadAt;
    this.#shards = Array.from({ length: shardCount }, () => new Map<string, V>());
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    return this.#shardOf(key).get(key);
  }

  has(key: string): boolean {
    return this.#shardOf(key).has(key);
  }

  set(key: string, value: V): void {
    const shard = this.#shardOf(key);
    const before = shard.size;
    shard.set(key, value);
    this.#size += shard.size - before;
  }

  /** Whether it was there. */
  delete(key: string): boolean {
    const wasThere = this.#shardOf(key).delete(key);
    if (wasThere) this.#size -= 1;
    return wasThere;
  }

  clear(): void {
    for (const shard of this.#shards) shard.clear();
    this.#size = 0;
  }

  #shardOf(key: string): Map<string, V> {
    const end = key.length;
    // No character (`NaN`) counts as zero in here.
    const mixed = key.charCodeAt(this.#spreadAt) ^ key.charCodeAt(end - 1) ^ (key.charCodeAt(end - 2) << 3);
    // In bounds: masked.
    return this.#shards[mixed & (shardCount - 1)]!;
  }
}
