/**
 * How something ends, as a promise that is made only when somebody asks for it: of what happened already, or whom nobody
 * waits for, none is made. Two promises for each transaction, with what resolves them, are much of its garbage.
 */
import type { CairnError } from '../../base/errors.js';

export class Outcome {
  #state: 'open' | 'done' | CairnError = 'open';
  #promise: Promise<void> | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((error: CairnError) => void) | undefined;

  /** It ended well. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  get promise(): Promise<void> {
    this.#promise ??= this.#make();
    return this.#promise;
  }

  /** Of the two, the first call counts. */
  resolve(): void {
    if (this.#state !== 'open') return;
    this.#state = 'done';
    this.#resolve?.();
  }

  reject(error: CairnError): void {
    if (this.#state !== 'open') return;
    this.#state = error;
    if (this.#promise !== undefined) ignore(this.#promise);
    this.#reject?.(error);
  }

  #make(): Promise<void> {
    if (this.#state === 'done') return Promise.resolve();
    if (this.#state !== 'open') {
      const rejected = Promise.reject<void>(this.#state);
      ignore(rejected);
      return rejected;
    }
    return new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }
}

/** A rejection that nobody looks at is not an error of its own: a caller may wait for one of two promises only. */
function ignore(promise: Promise<void>): void {
  promise.catch(() => undefined);
}
