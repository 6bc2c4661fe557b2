import { invariant } from '../../base/invariant.js';
import type { Memory } from '../memory.js';
import { poison } from './lent.js';

/** Nothing is used again: what was given back holds nonsense for ever, so that whoever still reads it is found. */
export class SimMemory implements Memory {
  readonly #taken = new WeakSet<Uint8Array>();

  take(bytes: number): Uint8Array {
    const taken = Buffer.allocUnsafeSlow(bytes);
    poison(taken);
    this.#taken.add(taken);
    return taken;
  }

  give(taken: Uint8Array): void {
    invariant(this.#taken.delete(taken), 'what is given was taken, and is given once');
    poison(taken);
  }

  pages(bytes: number): Uint8Array {
    return new Uint8Array(bytes);
  }
}
