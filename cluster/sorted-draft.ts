/** A map that is copied when it first changes, and that iterates by ascending key once it is finished. */

export class SortedDraft<K extends number | string, V> {
  readonly #before: ReadonlyMap<K, V>;
  #own: Map<K, V> | undefined;
  /** Other values of keys that it began with leave the order as it was. */
  #hasNewKeys = false;

  constructor(before: ReadonlyMap<K, V>) {
    this.#before = before;
  }

  /** As it is now; do not keep it. */
  get view(): ReadonlyMap<K, V> {
    return this.#own ?? this.#before;
  }

  get(key: K): V | undefined {
    return this.view.get(key);
  }

  has(key: K): boolean {
    return this.view.has(key);
  }

  set(key: K, value: V): void {
    const own = this.#copy();
    this.#hasNewKeys ||= !own.has(key);
    own.set(key, value);
  }

  delete(key: K): void {
    if (this.has(key)) this.#copy().delete(key);
  }

  /** The very map that it began with when nothing changed. The draft is used up. */
  finish(): ReadonlyMap<K, V> {
    const own = this.#own;
    if (own === undefined) return this.#before;
    return !this.#hasNewKeys || isSorted(own.keys()) ? own : sortedMap(own);
  }

  #copy(): Map<K, V> {
    this.#own ??= new Map(this.#before);
    return this.#own;
  }
}

/** Strings by their UTF-16 units, which for the names of the map is byte order. */
export function sortedMap<K extends number | string, V>(entries: Iterable<readonly [K, V]>): Map<K, V> {
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Strictly ascending. */
export function isSorted(keys: Iterable<number | string>): boolean {
  let last: number | string | undefined;
  for (const key of keys) {
    if (last !== undefined && !(last < key)) return false;
    last = key;
  }
  return true;
}
