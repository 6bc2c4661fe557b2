/**
 * A random permutation per bucket and input: how uniform buckets choose, and the "local fallback" of old tunables in
 * buckets of any kind. It is drawn only as far as it is needed, and kept until the next mapping, since replicas and
 * retries of one input walk along the same permutation.
 */
import type { CompiledCrushMap } from './compiled-map.js';
import { hash32of3 } from './hash.js';

/**
 * In `drawn`: only the first place is known and the rest of `order` is not yet initialized, as most mappings ask for no
 * more. Ceph uses the same number, which a bucket with more items than that reaches by counting, too; keeping the number
 * keeps the placements of such buckets.
 */
const onlyFirstDrawn = 0xffff;

export class Permutations {
  readonly #map: CompiledCrushMap;
  /** Per bucket: in which mapping its permutation was begun. */
  readonly #begun: Float64Array;
  /** Per bucket: how many places are final. */
  readonly #drawn: Int32Array;
  /** Per item, in the map's slots: the item index at this place. */
  readonly #order: Int32Array;
  #mapping = 0;

  constructor(map: CompiledCrushMap) {
    this.#map = map;
    this.#begun = new Float64Array(map.sizes.length);
    this.#drawn = new Int32Array(map.sizes.length);
    this.#order = new Int32Array(map.itemIds.length);
  }

  /** Forgets all permutations, for the next input. */
  reset(): void {
    this.#mapping++;
  }

  /** The index of the item at place `r` (modulo its size) of the permutation of a bucket that is not empty. */
  choose(bucket: number, x: number, r: number): number {
    const size = this.#map.sizes[bucket]!;
    const start = this.#map.starts[bucket]!;
    const id = this.#map.bucketIds[bucket]!;
    const place = (r >>> 0) % size;
    if (this.#begun[bucket] !== this.#mapping) {
      this.#begun[bucket] = this.#mapping;
      this.#drawn[bucket] = 0;
    }
    if (this.#drawn[bucket] === 0) {
      if (place === 0) {
        this.#drawn[bucket] = onlyFirstDrawn;
        return (this.#order[start] = hash32of3(x, id, 0) % size);
      }
      for (let i = 0; i < size; i++) this.#order[start + i] = i;
    } else if (this.#drawn[bucket] === onlyFirstDrawn) {
      for (let i = 1; i < size; i++) this.#order[start + i] = i;
      this.#order[start + this.#order[start]!] = 0;
      this.#drawn[bucket] = 1;
    }
    for (; this.#drawn[bucket]! <= place; this.#drawn[bucket]!++)
      this.#drawNext(start, size, this.#drawn[bucket]!, x, id);
    return this.#order[start + place]!;
  }

  /** Swaps one of the items from `place` on to `place`. The last one has no choice. */
  #drawNext(start: number, size: number, place: number, x: number, id: number): void {
    if (place >= size - 1) return;
    const from = start + place + (hash32of3(x, id, place) % (size - place));
    const item = this.#order[from]!;
    this.#order[from] = this.#order[start + place]!;
    this.#order[start + place] = item;
  }
}
