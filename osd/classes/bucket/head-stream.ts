/** Keys of one space of a shard in their order, read some at a time. */
import { endOf } from '../../../protocol/bucket/shard-keys.js';
import type { ClassReader } from '../object-class.js';
import type { Budget } from './budget.js';
import type { OmapPair } from './overlay.js';

export interface StreamRange {
  readonly from: string;
  /** `undefined`: no end. */
  readonly end: string | undefined;
}

/** Keys read at once, at first and after a seek, twice as many each time. */
export interface StreamSteps {
  readonly first: number;
  readonly max: number;
}

/** A page of `count`, and one item that tells there is more. Whoever seeks past what a delimiter collapses reads little ahead. */
export function stepsFor(count: number, delimiter: string): StreamSteps {
  return { first: delimiter === '' ? count + 1 : Math.min(count + 1, 8), max: count + 1 };
}

export class HeadStream {
  readonly #reader: ClassReader;
  readonly #budget: Budget;
  readonly #end: string | undefined;
  readonly #stepFirst: number;
  readonly #stepMax: number;
  #step: number;
  #from: string | undefined;
  #found: readonly OmapPair[] = [];
  #at = 0;

  /** From `range.from` to before `range.end`. */
  constructor(reader: ClassReader, budget: Budget, range: StreamRange, { first, max }: StreamSteps) {
    this.#reader = reader;
    this.#budget = budget;
    this.#from = range.from;
    this.#end = range.end;
    this.#stepFirst = first;
    this.#step = first;
    this.#stepMax = max;
  }

  /** `undefined` at the end. */
  async peek(): Promise<OmapPair | undefined> {
    if (this.#at >= this.#found.length && this.#from !== undefined) {
      const from = this.#from;
      this.#found = this.#isBeyond(from) ? [] : await this.#reader.omapList(from, this.#end, this.#step);
      this.#at = 0;
      this.#from = this.#found.length < this.#step ? undefined : `${this.#found.at(-1)?.[0] ?? ''}\0`;
      this.#step = Math.min(2 * this.#step, this.#stepMax);
    }
    return this.#found[this.#at];
  }

  /** Behind what `peek` showed. */
  pass(): void {
    this.#at += 1;
    this.#budget.spend(1);
  }

  /** Onwards to the first at or after `key`; `undefined`: to the end. */
  seek(key: string | undefined): void {
    const at = key === undefined ? -1 : this.#found.findIndex(([found], index) => index >= this.#at && found >= key);
    if (at >= 0) {
      this.#at = at;
      return;
    }
    this.#at = this.#found.length;
    if (this.#from === undefined) return;
    this.#from = key;
    this.#step = this.#stepFirst;
  }

  #isBeyond(key: string): boolean {
    return this.#end !== undefined && key >= this.#end;
  }
}

/** The first key of a space that does not begin with this prefix; `undefined`: there is none. */
export function keyBehind(space: string, prefix: string): string | undefined {
  const past = endOf(prefix);
  return past === undefined ? undefined : space + past;
}
