/**
 * A layer of the index in memory: what was written since the checkpoint below it.
 *
 *     points   key ──► value, or null: deleted; by hash for look-ups, and their keys in order for walks
 *     ranges   from ──► lt: what lies below this layer in that range is gone; points are on top of it
 *
 * Which payloads a removed range freed is known for its points at once; for the keys below, only when a checkpoint walks
 * them. So that none is counted twice or never, a point remembers whether what it hides below was counted.
 */
import { OrderedMap, type OrderedMapCursor, type OrderedMapRange } from '../../../base/ordered-map.js';
import { ShardedMap } from '../../../base/sharded-map.js';
import { hashByteAt, type KeyRange } from '../format/index-key.js';

/** Of an entry in hash table and tree, beside key and value. */
const entryOverheadBytes = 180;

/** Stands before the first point until `next` is called. */
export class PointCursor {
  readonly #keys: OrderedMapCursor<undefined>;
  readonly #points: ShardedMap<Uint8Array | null>;

  constructor(keys: OrderedMapCursor<undefined>, points: ShardedMap<Uint8Array | null>) {
    this.#keys = keys;
    this.#points = points;
  }

  next(): boolean {
    return this.#keys.next();
  }

  get key(): string {
    return this.#keys.key;
  }

  get value(): Uint8Array | null {
    return this.#points.get(this.#keys.key) ?? null;
  }
}

export class Layer {
  /**
   * What is read is mostly written in the same step, and written again soon: a look by hash costs a tenth of one down the
   * tree, whose every comparison is a cache miss.
   */
  readonly #points = new ShardedMap<Uint8Array | null>(hashByteAt);
  /** Of the points. */
  readonly #keys = new OrderedMap<undefined>();
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
    this.#keys.forEach(range, (key) => {
      const value = this.#points.get(key) ?? null;
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
  viewPoints(range: OrderedMapRange = {}): PointCursor {
    return new PointCursor(this.#keys.viewCursor(range), this.#points);
  }

  /** A walk over the points' keys as they are now, whatever is written meanwhile. */
  keys(): OrderedMapCursor<unknown> {
    return this.#keys.cursor();
  }

  get pointCount(): number {
    return this.#points.size;
  }

  ranges(): KeyRange[] {
    return Array.from(this.#ranges.entries(), ([gte, lt]) => ({ gte, lt }));
  }

  #set(key: string, value: Uint8Array | null): void {
    const old = this.#points.get(key);
    this.#points.set(key, value);
    if (old === undefined) {
      this.#keys.set(key, undefined);
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
