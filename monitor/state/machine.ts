/** The state as consensus drives it: entries in, snapshots out and in. */
import { invariant } from '../../base/invariant.js';
import type { Steps } from '../../base/steps.js';
import type { Clock } from '../../runtime/clock.js';
import type { StateMachine } from '../consensus/types.js';
import type { LogEntry, LogIndex } from '../raft/types.js';
import { decodeSnapshot, encodeSnapshot } from './snapshot.js';
import type { MonitorState } from './state.js';
import { decodeTransaction } from './transaction.js';

/** Entries without effect are rare (a change of the leader in a narrow moment); whoever proposed one asks at once. */
const voidsKept = 1000;

export class MonitorMachine implements StateMachine {
  readonly state: MonitorState;
  readonly #clock: Pick<Clock, 'now' | 'yieldTurn'>;
  readonly #onApplied: (index: LogIndex | undefined) => void;
  readonly #voids = new Set<LogIndex>();

  /** `onApplied` is called after each entry, with its index, and after each snapshot restored, without one. */
  constructor(
    clock: Pick<Clock, 'now' | 'yieldTurn'>,
    state: MonitorState,
    onApplied: (index: LogIndex | undefined) => void,
  ) {
    this.#clock = clock;
    this.state = state;
    this.#onApplied = onApplied;
  }

  /** Small entries at once; of a large one the rest of the steps. */
  apply(entry: LogEntry): void | Steps<void> {
    const steps = this.#applySteps(entry);
    return steps.next().done === true ? undefined : steps;
  }

  *#applySteps(entry: LogEntry): Steps<void> {
    invariant(entry.kind !== 'noop', 'entries without data stay in consensus');
    // A membership that a joining member's operator asked for by hand carries nothing.
    if (entry.data.byteLength > 0) {
      const tookEffect = yield* this.state.applySteps(decodeTransaction(entry.data));
      if (!tookEffect) this.#remember(entry.index);
    }
    this.#onApplied(entry.index);
  }

  /** Whether the entry at `index`, applied here a moment ago, changed the state. */
  tookEffect(index: LogIndex): boolean {
    return !this.#voids.has(index);
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return encodeSnapshot(this.state.content());
  }

  async restore(pieces: AsyncIterable<Uint8Array>): Promise<() => void> {
    const content = await decodeSnapshot(pieces, this.#clock);
    return () => {
      this.state.restore(content);
      this.#onApplied(undefined);
    };
  }

  #remember(index: LogIndex): void {
    this.#voids.add(index);
    if (this.#voids.size <= voidsKept) return;
    const [oldest] = this.#voids;
    if (oldest !== undefined) this.#voids.delete(oldest);
  }
}
