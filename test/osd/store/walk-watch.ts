/** Walks over omaps beside writers and checkpoints: whatever is there all the while, a walk sees. */
import assert from 'node:assert/strict';
import type { ObjectId } from '../../../osd/store/object-id.js';
import type { Store } from '../../../osd/store/store.js';
import type { Prng } from '../../../runtime/sim/prng.js';
import type { Runtime } from '../../../runtime/runtime.js';
import type { Reference } from './reference.js';

const walksMax = 2;

export class WalkWatch {
  readonly #prng: Prng;
  /** Of the walks under way: keys that were there from the beginning until now. */
  readonly #expected = new Map<ObjectId, Set<string>>();
  readonly #walks = new Set<Promise<void>>();

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  /** Perhaps begins a walk over one of the objects. `reference` is what the store has by now, or shortly before. */
  maybeBegin(runtime: Runtime, store: Store, reference: Reference, objects: readonly ObjectId[]): void {
    if (!this.#prng.chance(0.1) || this.#walks.size >= walksMax) return;
    const object = this.#prng.pick(objects);
    if (this.#expected.has(object)) return;
    this.#expected.set(object, new Set(reference.objects.get(object.key)?.omap.keys()));
    const walk = this.#walk(runtime, store, object).then(() => {
      this.#walks.delete(walk);
    });
    this.#walks.add(walk);
  }

  /** Something was applied. */
  onApplied(reference: Reference): void {
    for (const [object, expected] of this.#expected) {
      const omap = reference.objects.get(object.key)?.omap;
      for (const key of expected) if (omap?.has(key) !== true) expected.delete(key);
    }
  }

  async ended(): Promise<void> {
    await Promise.all(this.#walks);
  }

  async #walk(runtime: Runtime, store: Store, object: ObjectId): Promise<void> {
    const walk = store.objects.omapWalk(object, { from: '' });
    const seen = new Set<string>();
    for (let page = await walk.next(2); page.length > 0; page = await walk.next(2)) {
      for (const { key } of page) seen.add(key);
      await runtime.clock.sleep(this.#prng.float() * 2);
    }
    await walk.close();
    // The reference hears of what was applied a little later than the store.
    await runtime.clock.yieldTurn();
    const missing = Array.from(this.#expected.get(object) ?? []).filter((key) => !seen.has(key));
    this.#expected.delete(object);
    assert.deepEqual(missing, [], `keys of ${object.name.name} that were there all the while, and a walk did not see`);
  }
}
