/**
 * Searches an order of operations that a sequential model could have run them in, and that keeps what was over before
 * something else began in front of it: Wing and Gong's search, with Lowe's memory of the configurations that led nowhere
 * ("Testing for linearizability", 2017).
 *
 *     configuration = (operations placed, state after them)
 *
 * Operations without an end may be placed or left out, and stay candidates forever, so a plain search drowns in them. Four
 * things keep it afloat; none loses an order if there is one:
 *
 * - An operation with an end that changes nothing and fits is placed at once: whatever order there is, it can be moved here.
 * - Operations with ranks (of versions that were told) are placed by rank.
 * - An endless operation is placed as late as possible: just before one that it makes a difference to.
 * - A configuration with more endless operations spent than another one that led nowhere, and otherwise the same, leads
 *   nowhere either.
 */
export interface SequentialModel<State, Operation> {
  readonly initial: State;
  /** `undefined`: this outcome is impossible in this state. */
  step(state: State, operation: Operation): State | undefined;
  /** Equal for equal states, and for no others. */
  key(state: State): string;
  /** Whether it leaves every state as it is, whatever it found. */
  isReadOnly(operation: Operation): boolean;
  /** For people: why `step` said no. */
  whyNot(state: State, operation: Operation): string;
  show(state: State): string;
}

export interface TimedOperation {
  readonly begin: number;
  /** `undefined`: it may take effect any time later, or never. */
  readonly end: number | undefined;
}

export interface SearchOptions<Operation> {
  /** Placements tried, after which the search gives up. */
  readonly stepsMax: number;
  /** Of operations with an end. They take effect in ascending order of their ranks; equals in any order. */
  readonly rankOf?: (operation: Operation) => number | undefined;
}

export type SearchResult<State, Operation> =
  | { readonly kind: 'found'; readonly order: readonly Operation[]; readonly steps: number }
  | { readonly kind: 'none'; readonly furthest: Furthest<State, Operation>; readonly steps: number }
  | { readonly kind: 'gave-up'; readonly furthest: Furthest<State, Operation>; readonly steps: number };

/** The longest beginning that has an order. */
export interface Furthest<State, Operation> {
  readonly order: readonly Operation[];
  readonly state: State;
  /** Those that would have to come next, one of them at least. */
  readonly next: readonly Operation[];
}

interface Choice {
  /** Index into `#closed`, or `closed.length +` index into `#open`. */
  readonly operation: number;
  readonly state: number;
}

interface Frame {
  readonly state: number;
  /** What led here; `undefined` at the beginning. */
  readonly by: number | undefined;
  readonly choices: readonly Choice[];
  tried: number;
}

const impossible = -1;

export function search<State, Operation extends TimedOperation>(
  model: SequentialModel<State, Operation>,
  operations: readonly Operation[],
  options: SearchOptions<Operation>,
): SearchResult<State, Operation> {
  return new Search(model, operations, options).run();
}

class Search<State, Operation extends TimedOperation> {
  readonly #model: SequentialModel<State, Operation>;
  readonly #stepsMax: number;
  /** With an end; by their beginnings. */
  readonly #closed: readonly (Operation & { readonly end: number })[];
  readonly #open: readonly Operation[];
  /** Indices of closed ones with a rank, by rank. */
  readonly #ranked: readonly number[];
  /** By index; lower than all others without a rank. */
  readonly #ranks: readonly number[];
  /** By index: its place in `#ranked`. */
  readonly #rankedAt: readonly number[];
  readonly #isPlaced: Uint8Array;
  #placedCount = 0;
  /** Those of `#ranked` before this are placed, and this one is not. */
  #rankedBase = 0;
  /** Closed ones before this are placed. */
  #base = 0;
  /** Closed ones from this on are not. */
  #frontier = 0;
  /** A bit for each open one that is placed. */
  #spent = 0n;
  readonly #states: State[] = [];
  readonly #stateIds = new Map<string, number>();
  readonly #steps = new Map<number, number>();
  readonly #seen = new Map<string, bigint[]>();
  readonly #frames: Frame[] = [];
  #furthest: Furthest<State, Operation>;
  #furthestCount = -1;
  #stepCount = 0;

  constructor(
    model: SequentialModel<State, Operation>,
    operations: readonly Operation[],
    options: SearchOptions<Operation>,
  ) {
    this.#model = model;
    this.#stepsMax = options.stepsMax;
    const sorted = operations.toSorted((a, b) => a.begin - b.begin);
    this.#closed = sorted.filter((one): one is Operation & { readonly end: number } => one.end !== undefined);
    this.#open = sorted.filter(({ end }) => end === undefined);
    const ranks = this.#closed.map((one) => options.rankOf?.(one) ?? -Infinity);
    const ranked = ranks.flatMap((rank, index) => (rank === -Infinity ? [] : [{ rank, index }]));
    this.#ranks = ranks;
    this.#ranked = ranked.sort((x, y) => x.rank - y.rank || x.index - y.index).map(({ index }) => index);
    const rankedAt = ranks.map(() => Infinity);
    for (const [place, index] of this.#ranked.entries()) rankedAt[index] = place;
    this.#rankedAt = rankedAt;
    this.#isPlaced = new Uint8Array(this.#closed.length);
    this.#furthest = { order: [], state: model.initial, next: [] };
  }

  run(): SearchResult<State, Operation> {
    this.#enter(this.#idOf(this.#model.initial), undefined);
    for (;;) {
      const steps = this.#stepCount;
      if (this.#placedCount === this.#closed.length) return { kind: 'found', order: this.#order(), steps };
      const frame = this.#frames.at(-1);
      if (frame === undefined) return { kind: 'none', furthest: this.#furthest, steps };
      if (steps >= this.#stepsMax) {
        this.#noteFurthest(frame.state);
        return { kind: 'gave-up', furthest: this.#furthest, steps };
      }
      const choice = frame.choices[frame.tried];
      if (choice === undefined) {
        this.#noteFurthest(frame.state);
        this.#frames.pop();
        if (frame.by !== undefined) this.#unplace(frame.by);
        continue;
      }
      frame.tried += 1;
      this.#stepCount += 1;
      this.#place(choice.operation);
      if (this.#isHopeless(choice.state)) this.#unplace(choice.operation);
      else this.#enter(choice.state, choice.operation);
    }
  }

  #enter(state: number, by: number | undefined): void {
    const { closed, open } = this.#candidates();
    const before = this.#frames.at(-1);
    const choices = this.#choices(state, closed, open).filter(({ operation }) => {
      return before === undefined || by === undefined || !this.#commutes(before.state, by, operation, state);
    });
    this.#frames.push({ state, by, choices, tried: 0 });
  }

  /** Called where the search turns back. */
  #noteFurthest(state: number): void {
    if (this.#placedCount <= this.#furthestCount) return;
    this.#furthestCount = this.#placedCount;
    const { closed, open } = this.#candidates();
    const next = [...closed, ...open].map((index) => this.#operation(index));
    this.#furthest = { order: this.#order(), state: this.#state(state), next };
  }

  /** What begins before anything that is not placed ends. */
  #candidates(): { readonly closed: readonly number[]; readonly open: readonly number[] } {
    const closed: number[] = [];
    let firstEnd = Infinity;
    for (let i = this.#base; i < this.#closed.length; i++) {
      const one = this.#closed[i];
      if (one === undefined || one.begin > firstEnd) break;
      if (this.#isPlaced[i] === 1) continue;
      firstEnd = Math.min(firstEnd, one.end);
      closed.push(i);
    }
    const open: number[] = [];
    for (const [i, { begin }] of this.#open.entries()) {
      if (begin > firstEnd) break;
      if ((this.#spent & (1n << BigInt(i))) === 0n) open.push(this.#closed.length + i);
    }
    return { closed: closed.filter((i) => (this.#closed[i]?.begin ?? 0) < firstEnd), open };
  }

  #choices(state: number, closed: readonly number[], open: readonly number[]): Choice[] {
    const choices: Choice[] = [];
    for (const operation of closed) {
      if (!this.#isItsTurn(operation)) continue;
      const next = this.#step(state, operation);
      if (next === state && this.#model.isReadOnly(this.#operation(operation))) return [{ operation, state: next }];
      if (next !== impossible) choices.push({ operation, state: next });
    }
    const openChoices: (Choice & { readonly helped: number })[] = [];
    for (const operation of open) {
      const next = this.#step(state, operation);
      if (next === impossible || next === state) continue;
      const helped = closed.filter((one) => {
        return this.#isItsTurn(one) && this.#step(state, one) === impossible && this.#step(next, one) !== impossible;
      });
      openChoices.push({ operation, state: next, helped: helped.length });
    }
    // Those first without which something else is stuck.
    return [...choices, ...openChoices.sort((a, b) => b.helped - a.helped)];
  }

  /** Nothing of a lower rank is left. */
  #isItsTurn(operation: number): boolean {
    const lowest = this.#ranks[this.#ranked[this.#rankedBase] ?? -1] ?? Infinity;
    return (this.#ranks[operation] ?? -Infinity) <= lowest;
  }

  /** Whether `first`, which is open, would better come after `second`: then the other order is tried, and leads to the same. */
  #commutes(before: number, first: number, second: number, between: number): boolean {
    if (first < this.#closed.length) return false;
    if (second >= this.#closed.length && second > first) return false;
    const swapped = this.#step(before, second);
    if (swapped === impossible) return false;
    const after = this.#step(swapped, first);
    return after !== impossible && after === this.#step(between, second);
  }

  #isHopeless(state: number): boolean {
    let bits = '';
    for (let i = this.#base; i < this.#frontier; i += 32) {
      let word = 0;
      for (let j = 0; j < 32; j++) if (this.#isPlaced[i + j] === 1) word |= 1 << j;
      bits += `,${(word >>> 0).toString(36)}`;
    }
    const key = `${state}/${this.#base}${bits}`;
    const seen = this.#seen.get(key);
    if (seen === undefined) {
      this.#seen.set(key, [this.#spent]);
      return false;
    }
    if (seen.some((spent) => (spent & ~this.#spent) === 0n)) return true;
    seen.push(this.#spent);
    return false;
  }

  #place(operation: number): void {
    if (operation >= this.#closed.length) {
      this.#spent |= 1n << BigInt(operation - this.#closed.length);
      return;
    }
    this.#isPlaced[operation] = 1;
    this.#placedCount += 1;
    while (this.#isPlaced[this.#base] === 1) this.#base += 1;
    while (this.#isPlaced[this.#ranked[this.#rankedBase] ?? Infinity] === 1) this.#rankedBase += 1;
    this.#frontier = Math.max(this.#frontier, operation + 1);
  }

  #unplace(operation: number): void {
    if (operation >= this.#closed.length) {
      this.#spent &= ~(1n << BigInt(operation - this.#closed.length));
      return;
    }
    this.#isPlaced[operation] = 0;
    this.#placedCount -= 1;
    this.#base = Math.min(this.#base, operation);
    this.#rankedBase = Math.min(this.#rankedBase, this.#rankedAt[operation] ?? Infinity);
    while (this.#frontier > 0 && this.#isPlaced[this.#frontier - 1] === 0) this.#frontier -= 1;
  }

  #step(state: number, operation: number): number {
    const key = state * (this.#closed.length + this.#open.length) + operation;
    const known = this.#steps.get(key);
    if (known !== undefined) return known;
    const next = this.#model.step(this.#state(state), this.#operation(operation));
    const id = next === undefined ? impossible : this.#idOf(next);
    this.#steps.set(key, id);
    return id;
  }

  #idOf(state: State): number {
    const key = this.#model.key(state);
    const known = this.#stateIds.get(key);
    if (known !== undefined) return known;
    const id = this.#states.push(state) - 1;
    this.#stateIds.set(key, id);
    return id;
  }

  #state(id: number): State {
    const state = this.#states[id];
    if (state === undefined) throw new Error(`there is no state ${id}`);
    return state;
  }

  #operation(index: number): Operation {
    const operation = this.#closed[index] ?? this.#open[index - this.#closed.length];
    if (operation === undefined) throw new Error(`there is no operation ${index}`);
    return operation;
  }

  #order(): Operation[] {
    return this.#frames.flatMap(({ by }) => (by === undefined ? [] : [this.#operation(by)]));
  }
}
