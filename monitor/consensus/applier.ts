/**
 * Feeds the state machine: committed entries in order, in slices that leave the event loop room; snapshots that replace
 * the state, once they are durable. Takes views for snapshots of its own between two entries.
 */
import { invariant } from '../../base/invariant.js';
import type { Steps } from '../../base/steps.js';
import type { Clock } from '../../runtime/clock.js';
import { entryBytes } from '../raft/codec/entry-codec.js';
import type { LogEntry, SnapshotMeta } from '../raft/types.js';
import type { ConsensusMetrics } from './metrics.js';
import { inputsPerTurn, turnMsMax } from './options.js';
import type { StateMachine } from './types.js';

export type SnapshotPosition = Pick<SnapshotMeta, 'index' | 'term' | 'membership'>;

export interface ApplierHooks {
  /** `undefined`: a newer one has taken its place in the store, so its `restore` is on the way. */
  readonly readSnapshot: (meta: SnapshotMeta) => AsyncIterable<Uint8Array> | undefined;
  readonly onApplied: (entry: LogEntry) => void;
  /** The state is now that of this snapshot; what came before it was not seen one by one. */
  readonly onRestored: (meta: SnapshotMeta) => void;
  /** The log has grown enough since the last snapshot. `view` is of the state at `position`. */
  readonly onSnapshotDue: (position: SnapshotPosition, view: AsyncIterable<Uint8Array>) => void;
  /** `applySome` has something to do again. */
  readonly onWork: () => void;
  readonly onFailure: (error: unknown) => void;
}

export interface SnapshotBounds {
  readonly bytes: number;
  readonly entries: number;
}

type Work =
  | { readonly kind: 'entry'; readonly entry: LogEntry }
  /** `output`: once that is durable, the store has the snapshot. */
  | { readonly kind: 'restore'; readonly meta: SnapshotMeta; readonly output: number };

export class Applier {
  readonly #clock: Clock;
  readonly #machine: StateMachine;
  readonly #metrics: ConsensusMetrics;
  readonly #bounds: SnapshotBounds;
  readonly #hooks: ApplierHooks;
  /** In order; taken from `#next` on. */
  #work: Work[] = [];
  #next = 0;
  #durable = 0;
  /** An entry that is applied in part. */
  #begun: { readonly entry: LogEntry; readonly steps: Steps<void> } | undefined;
  #isRestoring = false;
  /** The snapshot to restore was replaced before it was read: only the next `addRestore` goes on. */
  #isSuperseded = false;
  #isClosed = false;
  #applied: SnapshotPosition;
  /** Since the last snapshot began. */
  #bytes = 0;
  #entries = 0;
  #isSnapshotting = false;

  /** The machine's state is that of `snapshot`. */
  constructor(
    clock: Clock,
    options: { readonly bounds: SnapshotBounds; readonly snapshot: SnapshotPosition },
    collaborators: {
      readonly machine: StateMachine;
      readonly metrics: ConsensusMetrics;
      readonly hooks: ApplierHooks;
    },
  ) {
    this.#clock = clock;
    this.#bounds = options.bounds;
    this.#applied = options.snapshot;
    this.#machine = collaborators.machine;
    this.#metrics = collaborators.metrics;
    this.#hooks = collaborators.hooks;
  }

  /** The highest entry whose effect the state machine has. */
  get applied(): number {
    return this.#applied.index;
  }

  /** Whether `applySome` has something to do now. */
  get hasWork(): boolean {
    if (this.#begun !== undefined) return !this.#isClosed;
    const work = this.#work[this.#next];
    if (work === undefined || this.#isRestoring || this.#isSuperseded || this.#isClosed) return false;
    return work.kind === 'entry' || this.#durable >= work.output;
  }

  add(entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#work.push({ kind: 'entry', entry });
    this.#metrics.applyLag = this.#work.length - this.#next;
  }

  /** What waits before it is in the snapshot too, and is passed over. */
  addRestore(meta: SnapshotMeta, output: number): void {
    this.#begun = undefined;
    this.#work = [{ kind: 'restore', meta, output }];
    this.#next = 0;
    this.#isSuperseded = false;
  }

  /** Outputs up to that number are durable. */
  onDurable(output: number): void {
    this.#durable = output;
  }

  /** One slice. */
  applySome(): void {
    const began = this.#clock.now();
    for (let count = 0; count < inputsPerTurn && this.hasWork; count++) {
      if (this.#begun === undefined) this.#begin();
      this.#goOn(began);
      if (this.#clock.now() - began > turnMsMax) break;
    }
    if (this.#next >= this.#work.length || this.#next > 4_096) {
      this.#work = this.#work.slice(this.#next);
      this.#next = 0;
    }
    this.#metrics.applyLag = this.#work.length - this.#next;
  }

  /** Takes a view now, unless one is being saved; called when it is due early as well. */
  snapshotNow(): void {
    if (this.#isSnapshotting || this.#isRestoring || this.#begun !== undefined || this.#isClosed || this.#entries === 0)
      return;
    this.#isSnapshotting = true;
    this.#bytes = 0;
    this.#entries = 0;
    this.#hooks.onSnapshotDue(this.#applied, this.#machine.snapshot());
  }

  /** The snapshot begun last is saved, or superseded. */
  snapshotDone(): void {
    this.#isSnapshotting = false;
  }

  close(): void {
    this.#isClosed = true;
  }

  #begin(): void {
    const work = this.#work[this.#next];
    invariant(work !== undefined, 'there is work');
    this.#next += 1;
    if (work.kind === 'entry') this.#apply(work.entry);
    else this.#restore(work.meta);
  }

  /** Steps of the entry that was begun, as long as the turn lasts. */
  #goOn(began: number): void {
    while (this.#begun !== undefined) {
      const { entry, steps } = this.#begun;
      if (steps.next().done === true) {
        this.#begun = undefined;
        this.#applyDone(entry);
      } else if (this.#clock.now() - began > turnMsMax) return;
    }
  }

  #apply(entry: LogEntry): void {
    invariant(entry.index === this.#applied.index + 1, 'entries are applied in order, each once', {
      index: entry.index,
      applied: this.#applied.index,
    });
    const steps = entry.kind === 'noop' ? undefined : this.#machine.apply(entry);
    if (steps === undefined) this.#applyDone(entry);
    else this.#begun = { entry, steps };
  }

  #applyDone(entry: LogEntry): void {
    const membership = entry.kind === 'membership' ? entry.membership : this.#applied.membership;
    this.#applied = { index: entry.index, term: entry.term, membership };
    this.#metrics.entriesApplied += 1;
    this.#bytes += entryBytes(entry);
    this.#entries += 1;
    this.#hooks.onApplied(entry);
    if (this.#bytes > this.#bounds.bytes || this.#entries > this.#bounds.entries) this.snapshotNow();
  }

  #restore(meta: SnapshotMeta): void {
    const pieces = this.#hooks.readSnapshot(meta);
    if (pieces === undefined) {
      // Entries that follow build on this snapshot; the newer one covers them too, and its `addRestore` drops them.
      this.#isSuperseded = true;
      return;
    }
    this.#isRestoring = true;
    this.#machine
      .restore(pieces)
      .then((replaceState) => this.#restored(meta, replaceState))
      .catch((error: unknown) => this.#hooks.onFailure(error));
  }

  /** Entries that came meanwhile waited; a newer snapshot that came is restored next. */
  #restored(meta: SnapshotMeta, replaceState: () => void): void {
    // Whoever follows the state is gone.
    if (this.#isClosed) return;
    replaceState();
    this.#isRestoring = false;
    this.#applied = meta;
    this.#bytes = 0;
    this.#entries = 0;
    this.#metrics.snapshotsRestored += 1;
    this.#hooks.onRestored(meta);
    this.#hooks.onWork();
  }
}
