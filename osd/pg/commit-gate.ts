/** Replies that are held until what they saw is committed (PG-PROTOCOL.md section 6, I5). */
import type { CairnError } from '../../base/errors.js';

interface Held {
  readonly resolve: () => void;
  readonly reject: (error: CairnError) => void;
}

export class CommitGate {
  #committed: number;
  #ended: CairnError | undefined;
  /** By the sequence number that is waited for. */
  readonly #held = new Map<number, Held[]>();

  constructor(committed: number) {
    this.#committed = committed;
  }

  /** Resolves once everything up to `seq` is committed; rejects when the term ends first. */
  passed(seq: number): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (seq <= this.#committed) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const held = this.#held.get(seq);
      if (held === undefined) this.#held.set(seq, [{ resolve, reject }]);
      else held.push({ resolve, reject });
    });
  }

  /** `seqs`: of the entries that are committed now, in order. */
  advance(committed: number, seqs: Iterable<number>): void {
    this.#committed = committed;
    for (const seq of seqs) {
      const held = this.#held.get(seq);
      if (held === undefined) continue;
      this.#held.delete(seq);
      for (const { resolve } of held) resolve();
    }
  }

  end(error: CairnError): void {
    this.#ended = error;
    for (const held of this.#held.values()) for (const { reject } of held) reject(error);
    this.#held.clear();
  }
}
