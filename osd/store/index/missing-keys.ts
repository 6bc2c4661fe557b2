/**
 * Thrown to unwind; never seen by callers of the store. One for each index, thrown again and again: an error of its own for
 * each, with its stack, would cost more than most of what it interrupts.
 */
export class MissingKeys extends Error {
  /** Of the last throw: to be read where it is caught. */
  keys: readonly string[] = [];

  constructor() {
    super('keys have to be read first');
  }
}
