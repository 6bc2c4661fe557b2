/**
 * Deletes what the store no longer refers to, in small unsynced batches beside its work: entries before the snapshot,
 * chunks of replaced ones. The store tells it what a batch gave up once that batch is durable.
 */
import type { Kv, KvKey } from '../../runtime/kv.js';
import { entryKey, rangeOf, rangeOfGeneration } from './keys.js';

interface Garbage {
  readonly range: { readonly gte: KvKey; readonly lt: KvKey };
  /** Whose chunks they are; `undefined` for entries. */
  readonly generation: number | undefined;
}

/** Values come along with the keys: a few MiB at a time. */
const entriesPerBatch = 128;
const chunksPerBatch = 8;

/** LevelDB rewrites what was deleted only when it happens to merge there; after so many deletions it is asked to. */
const deletionsPerCompaction = 100_000;

export class StoreCleaner {
  readonly #kv: Kv;
  readonly #onFailure: (error: unknown) => void;
  readonly #pins = new Map<number, number>();
  readonly #garbage: Garbage[] = [];
  #running: Promise<void> | undefined;
  #isStopped = false;
  #deletions = 0;

  constructor(kv: Kv, onFailure: (error: unknown) => void) {
    this.#kv = kv;
    this.#onFailure = onFailure;
  }

  /** All chunks of a snapshot. */
  dropGeneration(generation: number): void {
    this.#garbage.push({ range: rangeOfGeneration(generation), generation });
  }

  /** All entries up to that index. */
  dropEntries(to: number): void {
    this.#garbage.push({ range: { gte: rangeOf('e').gte, lt: entryKey(to + 1) }, generation: undefined });
  }

  /** Keeps a generation until the function returned is called, once. */
  pin(generation: number): () => void {
    this.#pins.set(generation, (this.#pins.get(generation) ?? 0) + 1);
    return () => {
      const count = (this.#pins.get(generation) ?? 1) - 1;
      if (count > 0) this.#pins.set(generation, count);
      else this.#pins.delete(generation);
      this.proceed();
    };
  }

  /** Begins, unless it is at it already. */
  proceed(): void {
    if (this.#running !== undefined || this.#isStopped || this.#next() === undefined) return;
    this.#running = this.#run()
      .catch(this.#onFailure)
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Waits for the batch under way; the rest stays for the next opening. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const garbage = this.#isStopped ? undefined : this.#next();
      if (garbage === undefined) return;
      if (await this.#deleteSome(garbage)) this.#garbage.splice(this.#garbage.indexOf(garbage), 1);
      if (this.#deletions < deletionsPerCompaction) continue;
      this.#deletions = 0;
      await this.#kv.compact(rangeOf('e'));
      await this.#kv.compact(rangeOf('s'));
    }
  }

  #next(): Garbage | undefined {
    return this.#garbage.find(({ generation }) => generation === undefined || !this.#pins.has(generation));
  }

  /** True when nothing is left of it. */
  async #deleteSome({ range, generation }: Garbage): Promise<boolean> {
    const iterator = this.#kv.iterate(range);
    let found;
    try {
      found = await iterator.next(generation === undefined ? entriesPerBatch : chunksPerBatch);
    } finally {
      await iterator.close();
    }
    if (found.length === 0) return true;
    this.#deletions += found.length;
    await this.#kv.batch(
      found.map(({ key }) => ({ type: 'delete', key })),
      { sync: false },
    );
    return false;
  }
}
