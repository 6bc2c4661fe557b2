/**
 * A layer of the index in memory: what was written since the checkpoint below it.
 *
 *     points   key ──► value, or null: deleted
 *     ranges   from ──► lt: what lies below this layer in that range is gone; points are on top of it
 *
 * Which payloads a removed range freed is known for its points at once; for the keys below, only when a checkpoint walks
 * them. So that none is counted twice or never, a point remembers whether what it hides below was counted.
 */
import { OrderedMap, type OrderedMapCursor, type OrderedMapRange } from '../../../base/ordered-map.js';
import type { KeyRange } from '../format/index-key.js';

/** Of an entry in the maps of V8, beside key and value. */
const entryOverheadBytes = 120;

export class Layer {
  readonly #points = new OrderedMap<Uint8Array | null>();
  /** Disjoint, and never touching. */
  readonly #ranges = new OrderedMap<string>();
  readonly #uncounted = new Set<string>();
  #bytes = 0;

  /** About what it takes in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#points.size === 0 && this.#ranges.size === 0;
  }

  /** `null`: deleted here. `undefined`: this layer does not know, look below. */
  get(key: string): Uint8Array | null | undefined {
    const point = this.#points.get(key);
    if (point !== undefined) return point;
    return this.#ranges.size > 0 && this.covers(key) ? null : undefined;
  }

  /** Whether a removed range hides the key below this layer. */
  covers(key: string): boolean {
    const cursor = this.#ranges.viewCursor({ lte: key, reverse: true });
    return cursor.next() && key < cursor.value;
  }

  put(key: string, value: Uint8Array): void {
    this.#set(key, value);
  }

  delete(key: string): void {
    this.#set(key, null);
  }

  /** Deletes a range; calls `dropped` for each value of this layer in it. */
  removeRange(range: KeyRange, dropped: (key: string, value: Uint8Array) => void): void {
    if (range.gte >= range.lt) return;
    const present: [string, Uint8Array][] = [];
    this.#points.forEach(range, (key, value) => {
      if (value !== null) present.push([key, value]);
    });
    // As points, so that what they hid below is not counted once more.
    for (const [key] of present) this.#set(key, null);
    this.#addRange(range);
    // At last: the caller may change this layer.
    for (const [key, value] of present) dropped(key, value);
  }

  /** Whether nobody has counted yet what the point `key` hides below. */
  isUncounted(key: string): boolean {
    return this.#uncounted.has(key);
  }

  hasPoint(key: string): boolean {
    return this.#points.has(key);
  }

  /** Valid until the layer changes. */
  viewPoints(range: OrderedMapRange = {}): OrderedMapCursor<Uint8Array | null> {
    return this.#points.viewCursor(range);
  }

  /** A walk over the points as they are now, whatever is written meanwhile. */
  points(): OrderedMapCursor<Uint8Array | null> {
    return this.#points.cursor();
  }

  get pointCount(): number {
    return this.#points.size;
  }

  ranges(): KeyRange[] {
    return Array.from(this.#ranges.entries(), ([gte, lt]) => ({ gte, lt }));
  }

  #set(key: string, value: Uint8Array | null): void {
    const old = this.#points.replace(key, value);
    if (old === undefined) {
      this.#bytes += key.length + entryOverheadBytes;
      if (this.#ranges.size > 0 && this.covers(key)) this.#uncounted.add(key);
    } else if (old !== null) {
      this.#bytes -= old.byteLength;
    }
    this.#bytes += value === null ? 0 : value.byteLength;
  }

  #addRange({ gte, lt }: KeyRange): void {
    let from = gte;
    let to = lt;
    const cursor = this.#ranges.viewCursor({ lte: lt, reverse: true });
    const joined: string[] = [];
    while (cursor.next() && cursor.value >= gte) {
      joined.push(cursor.key);
      if (cursor.key < from) from = cursor.key;
      if (cursor.value > to) to = cursor.value;
    }
    for (const key of joined) {
      this.#bytes -= key.length + (this.#ranges.get(key)?.length ?? 0) + entryOverheadBytes;
      this.#ranges.delete(key);
    }
    this.#ranges.set(from, to);
    this.#bytes += from.length + to.length + entryOverheadBytes;
  }
}
