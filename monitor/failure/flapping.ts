/** OSDs that go down again and again: each time their PGs stop for a moment and have to catch up. */
import type { MonotonicMs } from '../../base/instants.js';
import type { OsdId } from '../../cluster/ids.js';

export const flappingWindowMs = 600_000;
/** One restart by hand and one crash in ten minutes happen; a third time is a pattern. */
export const flappingDowns = 3;
/** Instants kept per OSD; beyond it the count stays at the bound. */
const keptMax = 32;

export class Flapping {
  readonly #downs = new Map<OsdId, MonotonicMs[]>();

  /** The OSD went down without saying goodbye. Returns how often it did within the window. */
  wentDown(osd: OsdId, now: MonotonicMs): number {
    const recent = [...(this.#downs.get(osd) ?? []), now].filter((at) => now - at < flappingWindowMs).slice(-keptMax);
    this.#downs.set(osd, recent);
    return recent.length;
  }

  /** Those that reach `flappingDowns` now, by id, with their count: for the health check. */
  current(now: MonotonicMs): Map<OsdId, number> {
    const flapping = new Map<OsdId, number>();
    for (const osd of [...this.#downs.keys()].sort((a, b) => a - b)) {
      const recent = (this.#downs.get(osd) ?? []).filter((at) => now - at < flappingWindowMs);
      if (recent.length === 0) this.#downs.delete(osd);
      else if (recent.length >= flappingDowns) flapping.set(osd, recent.length);
    }
    return flapping;
  }
}
