/** The newest records of a log that never ends: numbered from 1, the oldest dropped beyond a count. */
import { OrderedMap } from '../../base/ordered-map.js';
import type { Steps } from '../../base/steps.js';

/** Measured: 10,000 took some 5 ms. */
const recordsPerStep = 512;

export class NumberedRecords<T extends { readonly number: number }> {
  readonly #countMax: number;
  readonly #records: OrderedMap<T>;
  #last: number;

  constructor(countMax: number, records = new OrderedMap<T>(), last = 0) {
    this.#countMax = countMax;
    this.#records = records;
    this.#last = last;
  }

  /** `records` ascend; `last` is the number of the newest ever added. In steps of well below a millisecond. */
  static *from<T extends { readonly number: number }>(
    countMax: number,
    records: readonly T[],
    last: number,
  ): Steps<NumberedRecords<T>> {
    const byNumber = new OrderedMap<T>();
    for (const [index, record] of records.entries()) {
      byNumber.set(keyOf(record.number), record);
      if (index % recordsPerStep === recordsPerStep - 1) yield;
    }
    return new NumberedRecords(countMax, byNumber, last);
  }

  /** The number of the newest record, 0 before the first. */
  get last(): number {
    return this.#last;
  }

  get count(): number {
    return this.#records.size;
  }

  fork(): NumberedRecords<T> {
    return new NumberedRecords(this.#countMax, this.#records.fork(), this.#last);
  }

  add(make: (number: number) => T): void {
    this.#last += 1;
    this.#records.set(keyOf(this.#last), make(this.#last));
    if (this.#records.size > this.#countMax) this.#records.delete(keyOf(this.#last - this.#countMax));
  }

  /** The newest `count` of those after number `after`, oldest first. */
  newest({ after, count }: { readonly after: number; readonly count: number }): readonly T[] {
    const records: T[] = [];
    if (count <= 0) return records;
    this.#records.forEach({ gt: keyOf(after), reverse: true }, (_key, record) => {
      records.push(record);
      return records.length < count;
    });
    return records.reverse();
  }

  /** The oldest `count` of those after number `after`, oldest first: what a follower reads next. */
  following({ after, count }: { readonly after: number; readonly count: number }): readonly T[] {
    const records: T[] = [];
    if (count <= 0) return records;
    this.#records.forEach({ gt: keyOf(after) }, (_key, record) => {
      records.push(record);
      return records.length < count;
    });
    return records;
  }
}

/** In the order of numbers. */
function keyOf(number: number): string {
  return String(number).padStart(16, '0');
}
