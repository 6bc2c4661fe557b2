/** A state machine of a few registers. */
import { concatBytes, utf8Bytes, utf8Text } from '../../../base/bytes.js';
import type { StateMachine } from '../../../monitor/consensus/types.js';
import type { LogEntry } from '../../../monitor/raft/types.js';
import { decodeCommand, valueAfter, type History } from './history.js';

interface State {
  readonly applied: number;
  readonly registers: readonly (readonly [string, readonly string[]])[];
}

export const initialState: State = { applied: 1, registers: [] };

/** Cut small, so that there are several chunks. */
const pieceBytes = 50;

export async function* piecesOf(state: State): AsyncGenerator<Uint8Array> {
  const bytes = utf8Bytes(JSON.stringify(state));
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

export class RegisterMachine implements StateMachine {
  readonly #history: History;
  #registers = new Map<string, readonly string[]>();
  #applied = 0;

  constructor(history: History) {
    this.#history = history;
  }

  /** The last command or membership. */
  get applied(): number {
    return this.#applied;
  }

  get text(): string {
    return JSON.stringify(this.#state);
  }

  apply(entry: LogEntry): void {
    if (this.#applied > 0) this.#history.follows(this.#applied, entry.index);
    this.#history.applied(entry);
    this.#applied = entry.index;
    if (entry.kind !== 'command') return;
    const command = decodeCommand(entry.data);
    this.#registers.set(command.key, valueAfter(this.#registers.get(command.key) ?? [], command));
  }

  snapshot(): AsyncIterable<Uint8Array> {
    this.#history.state(this.#applied, this.#registers);
    return piecesOf(this.#state);
  }

  async restore(pieces: AsyncIterable<Uint8Array>): Promise<() => void> {
    const all: Uint8Array[] = [];
    for await (const piece of pieces) all.push(piece);
    const state = JSON.parse(utf8Text(concatBytes(all))) as State;
    return () => {
      this.#registers = new Map(state.registers);
      this.#applied = state.applied;
      this.#history.state(this.#applied, this.#registers);
    };
  }

  read(key: string): { readonly value: readonly string[]; readonly applied: number } {
    return { value: this.#registers.get(key) ?? [], applied: this.#applied };
  }

  get #state(): State {
    const registers = [...this.#registers].sort(([a], [b]) => (a < b ? -1 : 1));
    return { applied: this.#applied, registers };
  }
}
