/**
 * The newest maps and what led from each to the next: what subscribers catch up from, and `cairn map get --epoch` reads.
 * Bounded; who is further behind gets a whole map.
 */
import type { ClusterMap } from '../../cluster/map.js';
import { invariant } from '../../base/invariant.js';

/** As in Ceph (`mon_min_osdmap_epochs`): hours of a quiet cluster, minutes of a busy one. */
export const epochsKeptMax = 500;
/** A pool of 65,536 PGs comes as a few MiB; below that many of the usual few hundred bytes. */
export const incrementalBytesMax = 32 * 1024 * 1024;

interface Step {
  readonly map: ClusterMap;
  /** From the map before to this one; encoded. */
  readonly incremental: Uint8Array;
}

export class MapHistory {
  /** The oldest map kept. */
  #base: ClusterMap;
  /** In order, without a gap from `#base`. */
  #steps: Step[] = [];
  #bytes = 0;

  constructor(base: ClusterMap) {
    this.#base = base;
  }

  get base(): ClusterMap {
    return this.#base;
  }

  get newest(): ClusterMap {
    return this.#steps.at(-1)?.map ?? this.#base;
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  fork(): MapHistory {
    const copy = new MapHistory(this.#base);
    copy.#steps = this.#steps.slice();
    copy.#bytes = this.#bytes;
    return copy;
  }

  add(map: ClusterMap, incremental: Uint8Array): void {
    invariant(map.epoch === this.newest.epoch + 1, 'epochs follow one another', { epoch: map.epoch });
    this.#steps.push({ map, incremental });
    this.#bytes += incremental.byteLength;
    let dropped = 0;
    while (
      this.#steps.length - dropped > epochsKeptMax ||
      (this.#bytes > incrementalBytesMax && dropped < this.#steps.length)
    ) {
      const step = this.#steps[dropped];
      invariant(step !== undefined, 'there is a step to drop');
      this.#base = step.map;
      this.#bytes -= step.incremental.byteLength;
      dropped += 1;
    }
    if (dropped > 0) this.#steps = this.#steps.slice(dropped);
  }

  /** `undefined` when it is older than what is kept, or not made yet. */
  mapOf(epoch: number): ClusterMap | undefined {
    if (epoch === this.#base.epoch) return this.#base;
    return this.#steps[epoch - this.#base.epoch - 1]?.map;
  }

  /** What leads from epoch `have` to the newest, at most `bytesMax` (one at least); `undefined` when that is not kept. */
  incrementalsAfter(have: number, bytesMax: number): readonly Uint8Array[] | undefined {
    const first = have - this.#base.epoch;
    if (first < 0 || have > this.newest.epoch) return undefined;
    const found: Uint8Array[] = [];
    let bytes = 0;
    for (let index = first; index < this.#steps.length; index++) {
      const { incremental } = this.#steps[index] ?? unreachableStep();
      bytes += incremental.byteLength;
      if (found.length > 0 && bytes > bytesMax) break;
      found.push(incremental);
    }
    return found;
  }
}

function unreachableStep(): never {
  invariant(false, 'steps have no holes');
}
