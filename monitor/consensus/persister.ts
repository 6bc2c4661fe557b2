/**
 * Group commit: what the core wants persisted goes to the store in one synced write at a time; what comes up meanwhile goes
 * into the next. Nobody waits while the disk is idle.
 *
 *     outputs      1  2  3 | 4  5 | 6
 *     writes       [1..3]    [4..5]  [6]      an output without anything to persist rides along with those before it
 *
 * The promises of an output (`afterPersist`) leave when it and all before it are durable, never sooner.
 */
import type { CairnError } from '../../base/errors.js';
import type { Clock } from '../../runtime/clock.js';
import { entryBytes } from '../raft/codec/entry-codec.js';
import type { Persist, RaftOutput } from '../raft/output.js';
import type { RaftMessage } from '../raft/types.js';
import type { ConsensusMetrics } from './metrics.js';
import { unwrittenBytesMax } from './options.js';

export interface PersisterHooks {
  /** Durable when it resolves. */
  readonly write: (persists: readonly Persist[], commit: number) => Promise<void>;
  /** All outputs up to that number are durable. */
  readonly onDurable: (output: number) => void;
  readonly send: (messages: readonly RaftMessage[]) => void;
  readonly onFailure: (error: unknown) => void;
}

interface Unwritten {
  readonly number: number;
  readonly persist: Persist;
  /** Known by then, so in the log that this persist leaves. */
  readonly commit: number;
  readonly bytes: number;
}

export class Persister {
  readonly #clock: Clock;
  readonly #writeBytesMax: number;
  readonly #metrics: ConsensusMetrics;
  readonly #hooks: PersisterHooks;
  #unwritten: Unwritten[] = [];
  #unwrittenBytes = 0;
  #promises: { readonly number: number; readonly messages: readonly RaftMessage[] }[] = [];
  #waiters: { readonly number: number; readonly resolve: () => void; readonly reject: (error: CairnError) => void }[] =
    [];
  #isWriting = false;
  /** The latest output seen. */
  #latest = 0;

  constructor(
    clock: Clock,
    options: { readonly writeBytesMax: number },
    collaborators: { readonly metrics: ConsensusMetrics; readonly hooks: PersisterHooks },
  ) {
    this.#clock = clock;
    this.#writeBytesMax = options.writeBytesMax;
    this.#metrics = collaborators.metrics;
    this.#hooks = collaborators.hooks;
  }

  /** So much waits for the disk that the driver had better take nothing in. */
  get isFull(): boolean {
    return this.#unwrittenBytes > unwrittenBytesMax;
  }

  /** `commit`: as of this output. */
  add(output: RaftOutput, commit: number): void {
    const { number, persist, afterPersist } = output;
    this.#latest = number;
    if (persist !== undefined) {
      const bytes = bytesOf(persist);
      this.#unwritten.push({ number, persist, commit, bytes });
      this.#unwrittenBytes += bytes;
    }
    if (afterPersist.length === 0) return;
    if (this.#isIdle()) this.#hooks.send(afterPersist);
    else this.#promises.push({ number, messages: afterPersist });
  }

  /** Begins a write if none is under way. Called at the end of a turn, when all of the turn has been gathered. */
  flush(): void {
    if (this.#isWriting || this.#unwritten.length === 0) return;
    this.#isWriting = true;
    this.#writeOn().catch(this.#hooks.onFailure);
  }

  /** Resolves when all outputs seen up to now are durable. */
  whenDurable(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    const number = this.#latest;
    return new Promise((resolve, reject) => {
      this.#waiters.push({ number, resolve, reject });
    });
  }

  /** Nothing more becomes durable. */
  close(error: CairnError): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }

  async #writeOn(): Promise<void> {
    while (this.#unwritten.length > 0) {
      const batch = this.#take();
      const began = this.#clock.now();
      await this.#hooks.write(
        batch.map(({ persist }) => persist),
        batch.at(-1)?.commit ?? 0,
      );
      this.#count(batch, (this.#clock.now() - began) / 1_000);
      const next = this.#unwritten[0];
      const durable = next === undefined ? this.#latest : next.number - 1;
      // Whatever the core does about it belongs to the next write: `add` must find this one still under way.
      this.#hooks.onDurable(durable);
      this.#settle(durable);
    }
    this.#isWriting = false;
    this.#settle(this.#latest);
  }

  #settle(durable: number): void {
    const ready = this.#promises.filter(({ number }) => number <= durable);
    this.#promises = this.#promises.filter(({ number }) => number > durable);
    for (const { messages } of ready) this.#hooks.send(messages);
    const done = this.#waiters.filter(({ number }) => number <= durable);
    this.#waiters = this.#waiters.filter(({ number }) => number > durable);
    for (const { resolve } of done) resolve();
  }

  #take(): Unwritten[] {
    let count = 0;
    let bytes = 0;
    for (const item of this.#unwritten) {
      if (count > 0 && bytes + item.bytes > this.#writeBytesMax) break;
      bytes += item.bytes;
      count += 1;
    }
    const batch = this.#unwritten.slice(0, count);
    this.#unwritten = this.#unwritten.slice(count);
    this.#unwrittenBytes -= bytes;
    return batch;
  }

  #isIdle(): boolean {
    return !this.#isWriting && this.#unwritten.length === 0;
  }

  #count(batch: readonly Unwritten[], seconds: number): void {
    this.#metrics.writes += 1;
    this.#metrics.entriesWritten += batch.reduce((sum, { persist }) => sum + persist.entries.length, 0);
    this.#metrics.writeSeconds += seconds;
    this.#metrics.writeSecondsMax = Math.max(this.#metrics.writeSecondsMax, seconds);
  }
}

function bytesOf(persist: Persist): number {
  const chunk = persist.snapshotChunk?.data.byteLength ?? 0;
  return persist.entries.reduce((sum, entry) => sum + entryBytes(entry), chunk + 64);
}
