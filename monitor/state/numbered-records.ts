/**
 * The newest records of a log that never ends: numbered from 1, the oldest dropped beyond a count. A fork costs nothing, and
 * so does what is added after it: forks share chunks, and whoever is first to go on from the end of a shared one writes
 * there, where the others do not look.
 *
 *     chunks   [ · · 3 4 ] [ 5 6 7 8 ] [ 9 10 11 ]        one: 3 to 10, its fork: 3 to 11
 *                    ^ first                              one adds its own 11: it copies the last chunk
 */

/** A power of two: of the last chunk's records all are copied when a fork goes another way, which is rare. */
const chunkMax = 64;

export class NumberedRecords<T extends { readonly number: number }> {
  readonly #countMax: number;
  /** Full but for the last; beyond what `#count` says there may be records of forks. */
  #chunks: T[][] = [];
  /** The list of chunks is a fork's as well; chunks are always shared. */
  #isShared = false;
  /** Where the oldest stands in the first chunk. */
  #first = 0;
  #count = 0;
  #last = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** `records` ascend; `last` is the number of the newest ever added. */
  static from<T extends { readonly number: number }>(
    countMax: number,
    records: readonly T[],
    last: number,
  ): NumberedRecords<T> {
    const made = new NumberedRecords<T>(countMax);
    for (const record of records) made.#push(record);
    made.#last = last;
    return made;
  }

  /** The number of the newest record, 0 before the first. */
  get last(): number {
    return this.#last;
  }

  get count(): number {
    return this.#count;
  }

  fork(): NumberedRecords<T> {
    const fork = new NumberedRecords<T>(this.#countMax);
    fork.#chunks = this.#chunks;
    fork.#isShared = true;
    this.#isShared = true;
    fork.#first = this.#first;
    fork.#count = this.#count;
    fork.#last = this.#last;
    return fork;
  }

  add(make: (number: number) => T): void {
    this.#last += 1;
    this.#push(make(this.#last));
    if (this.#count > this.#countMax) this.#dropOldest();
  }

  /** The newest `count` of those after number `after`, oldest first. */
  newest({ after, count }: { readonly after: number; readonly count: number }): readonly T[] {
    if (count <= 0) return [];
    return this.#slice(Math.max(this.#indexAfter(after), this.#count - count), this.#count);
  }

  /** The oldest `count` of those after number `after`, oldest first: what a follower reads next. */
  following({ after, count }: { readonly after: number; readonly count: number }): readonly T[] {
    if (count <= 0) return [];
    const start = this.#indexAfter(after);
    return this.#slice(start, Math.min(start + count, this.#count));
  }

  #push(record: T): void {
    const position = this.#first + this.#count;
    const chunk = this.#chunks[Math.trunc(position / chunkMax)];
    if (chunk === undefined) {
      this.#ownChunks().push([record]);
    } else if (chunk.length === position % chunkMax) {
      chunk.push(record);
    } else {
      // A fork went on from here first.
      this.#ownChunks()[Math.trunc(position / chunkMax)] = [...chunk.slice(0, position % chunkMax), record];
    }
    this.#count += 1;
  }

  #dropOldest(): void {
    this.#first += 1;
    this.#count -= 1;
    if (this.#first < chunkMax) return;
    this.#first = 0;
    this.#ownChunks().shift();
  }

  #ownChunks(): T[][] {
    if (this.#isShared) this.#chunks = this.#chunks.slice();
    this.#isShared = false;
    return this.#chunks;
  }

  /** Of the first record after number `after`; the count when there is none. */
  #indexAfter(after: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = Math.trunc((low + high) / 2);
      if (this.#at(middle).number <= after) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #slice(start: number, end: number): readonly T[] {
    const records: T[] = [];
    for (let index = start; index < end; index += 1) records.push(this.#at(index));
    return records;
  }

  #at(index: number): T {
    const position = this.#first + index;
    // Below the count, so it was pushed.
    return this.#chunks[Math.trunc(position / chunkMax)]?.[position % chunkMax] as T;
  }
}
