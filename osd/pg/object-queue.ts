/**
 * One after the other, per object: whoever evaluates a request sees the one before it applied, and nobody comes in between.
 * Requests for different objects do not wait for one another.
 */
export class ObjectQueue {
  /** Those behind whoever has the object now. An object that nobody has is not in it. */
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Objects that somebody has. */
  get size(): number {
    return this.#waiting.size;
  }

  /** True: the object is the caller's until `leave`. False: somebody has it. */
  tryEnter(key: string): boolean {
    if (this.#waiting.has(key)) return false;
    this.#waiting.set(key, []);
    return true;
  }

  /** Resolves when the object is the caller's, until `leave`. */
  enter(key: string): Promise<void> {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) {
      this.#waiting.set(key, []);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      waiting.push(resolve);
    });
  }

  leave(key: string): void {
    const next = this.#waiting.get(key)?.shift();
    if (next === undefined) this.#waiting.delete(key);
    else next();
  }
}
