import { invariant } from '../../base/invariant.js';

/**
 * The bytes that a request brought, and how many still read them: the request, its entry until every copy has it, each message on
 * its way. When the last lets go, their memory is used again. What nobody lets go of, as of a term that ended, is collected.
 */
export class LentPayload {
  readonly #release: () => void;
  #readers = 1;

  constructor(release: () => void) {
    this.#release = release;
  }

  hold(): void {
    invariant(this.#readers > 0, 'whoever holds a payload got it from somebody who did');
    this.#readers += 1;
  }

  letGo(): void {
    invariant(this.#readers > 0, 'whoever lets go of a payload held it');
    this.#readers -= 1;
    if (this.#readers === 0) this.#release();
  }
}
