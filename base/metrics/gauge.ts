/** A number that goes both ways: a queue's depth, bytes in use. What some object knows anyway is better read at scrape. */
export class Gauge {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  set(value: number): void {
    this.#value = value;
  }

  /** `by` may be negative. */
  add(by: number): void {
    this.#value += by;
  }
}
