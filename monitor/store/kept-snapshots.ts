/**
 * Snapshots whose chunks stay readable when newer ones take their place, because they are being sent. In memory only: the
 * next opening deletes all but the one in force.
 */
import { invariant } from '../../base/invariant.js';
import type { SnapshotMeta } from '../raft/types.js';
import type { StoredSnapshot } from './head.js';

/**
 * The snapshot in force as the core knows it, and one older. So the disk holds at most three at any time, with a newer one that
 * the core is about to be told of, besides one that is being saved or received.
 */
const keptSnapshotsMax = 2;

export class KeptSnapshots {
  readonly #pin: (generation: number) => () => void;
  /** By generation. */
  readonly #kept = new Map<number, { readonly meta: SnapshotMeta; readonly release: () => void }>();

  /** `pin` keeps the chunks of a generation until the function that it returns is called. */
  constructor(pin: (generation: number) => () => void) {
    this.#pin = pin;
  }

  /** These from now on, and no others: what is kept already, and the one in force. Those that are gone are passed over. */
  keep(metas: readonly SnapshotMeta[], inForce: StoredSnapshot): void {
    invariant(metas.length <= keptSnapshotsMax, 'few snapshots are kept', { count: metas.length });
    for (const [generation, { meta, release }] of this.#kept) {
      if (metas.some((other) => isSame(other, meta))) continue;
      this.#kept.delete(generation);
      release();
    }
    const { generation, meta } = inForce;
    if (this.#kept.has(generation) || !metas.some((other) => isSame(other, meta))) return;
    this.#kept.set(generation, { meta, release: this.#pin(generation) });
  }

  generationOf(wanted: SnapshotMeta): number | undefined {
    for (const [generation, { meta }] of this.#kept) if (isSame(meta, wanted)) return generation;
    return undefined;
  }
}

/** Two snapshots of one index, one taken and one received, differ at least in their content. */
export function isSame(a: SnapshotMeta, b: SnapshotMeta): boolean {
  return a.index === b.index && a.checksum === b.checksum;
}
