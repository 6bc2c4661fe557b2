/**
 * A member of a test cluster: a pure core, its disk, and the smallest driver that keeps the promises of `RaftOutput`.
 * What is not persisted yet waits in `outstanding` until the test says so.
 */
import { Raft } from '../../../monitor/raft/raft.js';
import type { RaftInput, RaftOptions, RaftOutput, SnapshotChunkToSend } from '../../../monitor/raft/output.js';
import type { MemberId, Membership, RaftMessage } from '../../../monitor/raft/types.js';
import { chunkData, snapshotMeta, type ModelDisk } from './model-disk.js';

export interface MemberEvents {
  send(message: RaftMessage): void;
  /** After every step. */
  stepped(member: Member, input: RaftInput, output: RaftOutput): void;
}

export class Member {
  readonly id: MemberId;
  readonly disk: ModelDisk;
  readonly #options: RaftOptions;
  readonly #events: MemberEvents;
  #raft: Raft;
  /** Handed out, not durable; the first has something to persist. */
  outstanding: RaftOutput[] = [];
  #applied: { readonly index: number; readonly term: number; readonly membership: Membership };

  constructor(options: RaftOptions, disk: ModelDisk, events: MemberEvents) {
    this.id = options.self;
    this.disk = disk;
    this.#options = options;
    this.#events = events;
    this.#raft = new Raft(options, disk.initial);
    this.#applied = disk.snapshot;
  }

  get status(): Raft['status'] {
    return this.#raft.status;
  }

  step(input: RaftInput): RaftOutput {
    const output = this.#raft.step(input);
    this.#events.stepped(this, input, output);
    for (const message of output.messages) this.#events.send(message);
    if (output.persist !== undefined || this.outstanding.length > 0) this.outstanding.push(output);
    else for (const message of output.afterPersist) this.#events.send(message);
    if (output.restore !== undefined) this.#applied = output.restore;
    for (const entry of output.committed) {
      const membership = entry.kind === 'membership' ? entry.membership : this.#applied.membership;
      this.#applied = { index: entry.index, term: entry.term, membership };
    }
    if (output.pins !== undefined) this.disk.pin(output.pins);
    for (const chunk of output.snapshotChunks) this.#sendChunk(chunk);
    return output;
  }

  /** Outstanding outputs that have something to write. */
  get writeCount(): number {
    return this.outstanding.filter(({ persist }) => persist !== undefined).length;
  }

  /** The first `count` outstanding writes become durable, and are reported so. */
  persist(count = this.writeCount): void {
    const done = this.#takeWrites(count);
    const last = done.at(-1);
    if (last === undefined) return;
    this.#write(done);
    this.step({ kind: 'persisted', output: last.number });
    for (const { afterPersist } of done) for (const message of afterPersist) this.#events.send(message);
  }

  /** The driver snapshots what is applied. False when there is nothing new; all that is outstanding is written first. */
  compact(chunks: number): boolean {
    if (this.#applied.index <= this.disk.snapshot.index) return false;
    this.persist();
    const meta = snapshotMeta({ ...this.#applied, chunks });
    this.disk.replaceLog(meta, false);
    this.step({ kind: 'compacted', snapshot: meta });
    return true;
  }

  /** Loses memory and all outstanding writes but the first `survivors`, and starts again. */
  restart(survivors: number): void {
    this.#write(this.#takeWrites(survivors));
    this.outstanding = [];
    this.disk.partial = undefined;
    this.disk.pin([]);
    this.#raft = new Raft(this.#options, this.disk.initial);
    this.#applied = this.disk.snapshot;
  }

  /** The first `count` writes, with what waits for them and for nothing later. */
  #takeWrites(count: number): RaftOutput[] {
    let left = count;
    const end = this.outstanding.findIndex(({ persist }) => persist !== undefined && left-- === 0);
    return this.outstanding.splice(0, end === -1 ? this.outstanding.length : end);
  }

  #write(outputs: readonly RaftOutput[]): void {
    for (const { persist } of outputs) if (persist !== undefined) this.disk.write(persist);
  }

  #sendChunk({ to, term, meta, chunk, round }: SnapshotChunkToSend): void {
    if (this.disk.has(meta)) {
      const data = chunkData(meta, chunk);
      this.#events.send({ kind: 'snapshot-chunk', from: this.id, to, term, meta, chunk, data, round });
    } else {
      this.step({ kind: 'snapshot-failed', to });
    }
  }
}
