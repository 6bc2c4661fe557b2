/**
 * One after the other, per object: whoever evaluates a request sees the one before it applied, and nobody comes in between.
 * Those that only read have an object together: a bucket's shard is one object, and a read from a cold disk must not hold up a
 * thousand others. In the order in which they came, so a stream of reads does not keep a write waiting. Requests for different
 * objects do not wait for one another.
 */
import { invariant } from '../../base/invariant.js';

interface Turn {
  /** How many read together; 0: one has it alone. */
  readers: number;
  /** Behind whoever has the object now. */
  readonly waiting: { readonly isShared: boolean; readonly go: () => void }[];
}

export class ObjectQueue {
  /** An object that nobody has is not in it. */
  readonly #turns = new Map<string, Turn>();

  /** Objects that somebody has. */
  get size(): number {
    return this.#turns.size;
  }

  /** True: the object is the caller's alone, until `leave`. False: somebody has it. */
  tryEnter(key: string): boolean {
    if (this.#turns.has(key)) return false;
    this.#turns.set(key, { readers: 0, waiting: [] });
    return true;
  }

  /** True: the caller reads the object, with others perhaps, until `leave`. False: somebody has it alone, or waits for it. */
  tryShare(key: string): boolean {
    const turn = this.#turns.get(key);
    if (turn === undefined) {
      this.#turns.set(key, { readers: 1, waiting: [] });
      return true;
    }
    if (turn.readers === 0 || turn.waiting.length > 0) return false;
    turn.readers += 1;
    return true;
  }

  /** Resolves when the object is the caller's alone, until `leave`. */
  enter(key: string): Promise<void> {
    return this.tryEnter(key) ? Promise.resolve() : this.#wait(key, false);
  }

  /** Resolves when the caller may read it, until `leave`. */
  share(key: string): Promise<void> {
    return this.tryShare(key) ? Promise.resolve() : this.#wait(key, true);
  }

  leave(key: string): void {
    const turn = this.#turns.get(key);
    invariant(turn !== undefined, 'who leaves an object has it', { key });
    if (turn.readers > 1) {
      turn.readers -= 1;
      return;
    }
    const next = turn.waiting.shift();
    if (next === undefined) {
      this.#turns.delete(key);
      return;
    }
    turn.readers = next.isShared ? 1 : 0;
    next.go();
    while (next.isShared && turn.waiting[0]?.isShared === true) {
      turn.readers += 1;
      turn.waiting.shift()?.go();
    }
  }

  #wait(key: string, isShared: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#turns.get(key)?.waiting.push({ isShared, go: resolve });
    });
  }
}
