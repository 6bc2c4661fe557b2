/**
 * The receiver's side of a snapshot: which chunk is wanted next. Chunks are taken in order only, so that the disk always
 * holds a prefix, and never mixed with those of another snapshot.
 */
import type { SnapshotMeta, Term } from './types.js';

interface Partial {
  readonly meta: SnapshotMeta;
  readonly term: Term;
  readonly next: number;
  readonly bytes: number;
}

export class SnapshotReceipt {
  #partial: Partial | undefined;

  /**
   * Whether this chunk is to be stored now. With the last one the receipt is complete and empty again. Chunk 0 of a newer
   * snapshot, or of another leader's, discards what came of the one before.
   */
  accept(chunk: {
    readonly meta: SnapshotMeta;
    readonly term: Term;
    readonly chunk: number;
    readonly bytes: number;
  }): boolean {
    const { meta, term } = chunk;
    if (chunk.chunk !== this.wanted(meta)) return false;
    if (chunk.chunk === 0 && this.#isOutdated(meta, term)) return false;
    const bytes = chunk.bytes + (chunk.chunk === 0 ? 0 : (this.#partial?.bytes ?? 0));
    const next = chunk.chunk + 1;
    const isLast = next === meta.chunks;
    if (bytes > meta.bytes || (isLast && bytes !== meta.bytes)) {
      // The pieces are not what was announced: start over.
      this.#partial = undefined;
      return false;
    }
    this.#partial = isLast ? undefined : { meta, term, next, bytes };
    return true;
  }

  /** The chunk of this snapshot that comes next: 0 unless it is the one under way. */
  wanted(meta: SnapshotMeta): number {
    const partial = this.#partial;
    return partial !== undefined && isSameSnapshot(partial.meta, meta) ? partial.next : 0;
  }

  /** The log went past it. */
  discard(): void {
    this.#partial = undefined;
  }

  /** A late chunk of a snapshot that the same leader has replaced since. */
  #isOutdated(meta: SnapshotMeta, term: Term): boolean {
    return this.#partial?.term === term && meta.index < this.#partial.meta.index;
  }
}

function isSameSnapshot(a: SnapshotMeta, b: SnapshotMeta): boolean {
  return (
    a.index === b.index &&
    a.term === b.term &&
    a.checksum === b.checksum &&
    a.bytes === b.bytes &&
    a.chunks === b.chunks
  );
}
