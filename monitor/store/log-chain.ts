/**
 * The stored log's shape in memory: its first and last place, and the chain value of each (head.ts), 64 bits an entry. The
 * entries themselves are the core's.
 */
import { invariant } from '../../base/invariant.js';
import { logIndex, type LogIndex } from '../raft/types.js';

export class LogChain {
  /** Of the place before the first entry: the snapshot's index. */
  #base: LogIndex;
  #baseChain: bigint;
  readonly #chains: bigint[] = [];

  constructor(base: LogIndex, baseChain: bigint) {
    this.#base = base;
    this.#baseChain = baseChain;
  }

  get base(): LogIndex {
    return this.#base;
  }

  get baseChain(): bigint {
    return this.#baseChain;
  }

  get last(): LogIndex {
    return logIndex(this.#base + this.#chains.length);
  }

  get lastChain(): bigint {
    return this.#chains.at(-1) ?? this.#baseChain;
  }

  append(chain: bigint): void {
    this.#chains.push(chain);
  }

  /** Keeps what is up to `index`. */
  truncateAfter(index: number): void {
    invariant(index >= this.#base && index <= this.last, 'the log is cut where it is', { index, base: this.#base });
    this.#chains.length = index - this.#base;
  }

  /** Drops what is up to `index`; what is after it stays. */
  dropTo(index: LogIndex): void {
    invariant(index >= this.#base && index <= this.last, 'the log is dropped where it is', { index, base: this.#base });
    const count = index - this.#base;
    this.#baseChain = this.#chains[count - 1] ?? this.#baseChain;
    this.#chains.splice(0, count);
    this.#base = index;
  }
}
