/** What of a member survives a crash, as the comments of `Persist` have it: the reference for a real store. */
import type { Persist, RaftInitial } from '../../../monitor/raft/output.js';
import {
  logIndex,
  term,
  type HardState,
  type LogEntry,
  type Membership,
  type SnapshotMeta,
} from '../../../monitor/raft/types.js';

export class ModelDisk {
  hardState: HardState = { term: term(0), vote: undefined };
  snapshot: SnapshotMeta;
  entries: readonly LogEntry[] = [];
  /** Older ones whose chunks are still there. Not for long: a restart forgets them. */
  pinned: readonly SnapshotMeta[] = [];
  /** Chunks of a snapshot that is not complete. */
  partial: { readonly checksum: string; readonly chunks: number } | undefined;

  constructor(membership: Membership) {
    this.snapshot = snapshotMeta({ index: 0, term: 0, membership, chunks: 0 });
  }

  get initial(): RaftInitial {
    return { hardState: this.hardState, snapshot: this.snapshot, entries: this.entries };
  }

  /** Those that it has. */
  pin(metas: readonly SnapshotMeta[]): void {
    this.pinned = metas.filter((meta) => this.has(meta));
  }

  has({ checksum }: SnapshotMeta): boolean {
    return [this.snapshot, ...this.pinned].some((meta) => meta.checksum === checksum);
  }

  write({ hardState, entries, snapshotChunk, dropsLog }: Persist): void {
    if (hardState !== undefined) this.hardState = hardState;
    const [first] = entries;
    if (first !== undefined) {
      const kept = this.entries.filter((entry) => entry.index < first.index);
      this.entries = [...kept, ...entries].filter((entry) => entry.index > this.snapshot.index);
    }
    if (snapshotChunk === undefined) return;
    const { meta, chunk } = snapshotChunk;
    const expected = this.partial?.checksum === meta.checksum && chunk > 0 ? this.partial.chunks : 0;
    if (chunk !== expected) throw new Error(`chunk ${chunk} of ${meta.checksum} was written, not ${expected}`);
    this.partial = { checksum: meta.checksum, chunks: chunk + 1 };
    if (chunk < meta.chunks - 1) return;
    this.partial = undefined;
    this.replaceLog(meta, dropsLog);
  }

  replaceLog(snapshot: SnapshotMeta, dropsLog: boolean): void {
    this.snapshot = snapshot;
    this.entries = dropsLog ? [] : this.entries.filter((entry) => entry.index > snapshot.index);
  }
}

/** Two bytes a chunk; the checksum says what the content is made of. */
export function snapshotMeta(options: {
  readonly index: number;
  readonly term: number;
  readonly membership: Membership;
  readonly chunks: number;
}): SnapshotMeta {
  const { index, membership, chunks } = options;
  const checksum = `${hex(index)}${hex(options.term)}${hex(chunks)}`.padStart(16, '0');
  return { index: logIndex(index), term: term(options.term), membership, chunks, bytes: 2 * chunks, checksum };
}

export function chunkData(meta: SnapshotMeta, chunk: number): Uint8Array {
  return Uint8Array.of(meta.index & 255, chunk);
}

function hex(value: number): string {
  return value.toString(16).padStart(5, '0');
}
