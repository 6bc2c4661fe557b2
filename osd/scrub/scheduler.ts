/** Which PGs of this OSD are scrubbed when: those that an operator asked for first, then those that are most overdue. */
import { isCairnError } from '../../base/errors.js';
import type { PgId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { effectiveConfig } from '../../cluster/config.js';
import type { ConfigValues } from '../../cluster/config-options.js';
import type { ScrubKind } from '../../protocol/pg-scrub.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { ScrubPlan } from './due.js';
import type { Scrubbing } from './scrubbing.js';

/** A PG that this OSD leads. */
export interface Scrubbed {
  readonly pg: PgId;
  readonly scrubbing: Scrubbing;
}

export interface SchedulerParts {
  /** `osd.3` */
  readonly daemon: string;
  readonly leading: () => Iterable<Scrubbed>;
  readonly map: () => ClusterMap | undefined;
}

type Values = Pick<ConfigValues, 'osd_scrub_interval' | 'osd_deep_scrub_interval' | 'osd_max_scrubs'>;

export class ScrubScheduler {
  readonly #runtime: Runtime;
  readonly #parts: SchedulerParts;
  readonly #running = new Set<Promise<void>>();
  #known: { readonly config: ClusterMap['config']; readonly values: Values } | undefined;
  #isClosed = false;

  constructor(runtime: Runtime, parts: SchedulerParts) {
    this.#runtime = runtime;
    this.#parts = parts;
  }

  /** Now and then, and when one is asked for. */
  tick(): void {
    const map = this.#parts.map();
    if (map === undefined || this.#isClosed) return;
    const { clock } = this.#runtime;
    for (const { scrubbing } of this.#parts.leading()) scrubbing.tick(clock.now());
    const values = this.#values(map);
    while (this.#running.size < values.osd_max_scrubs) {
      const next = this.#next(map, values);
      if (next === undefined) return;
      this.#start(next.scrubbing, next.kind);
    }
  }

  /** What runs ends with its term. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#running);
  }

  #start(scrubbing: Scrubbing, kind: ScrubKind): void {
    const run: Promise<void> = scrubbing.start(kind).then(
      () => this.#ended(run),
      (error: unknown) => {
        this.#ended(run);
        if (!isCairnError(error)) this.#runtime.fatal(error);
      },
    );
    this.#running.add(run);
  }

  #ended(run: Promise<void>): void {
    this.#running.delete(run);
    this.tick();
  }

  #next(map: ClusterMap, values: Values): { readonly scrubbing: Scrubbing; readonly kind: ScrubKind } | undefined {
    const wall = this.#runtime.clock.wall();
    let most: { readonly scrubbing: Scrubbing; readonly kind: ScrubKind; readonly overdue: number } | undefined;
    for (const { pg, scrubbing } of this.#parts.leading()) {
      const due = scrubbing.next(wall, planOf(map, pg, values));
      if (due !== undefined && (most === undefined || due.overdue > most.overdue)) most = { scrubbing, ...due };
    }
    return most;
  }

  #values({ config }: ClusterMap): Values {
    if (this.#known?.config !== config) {
      this.#known = { config, values: effectiveConfig({ config }, this.#parts.daemon).values };
    }
    return this.#known.values;
  }
}

function planOf({ flags, pools }: ClusterMap, { pool: id }: PgId, values: Values): ScrubPlan {
  const own = pools.get(id)?.flags ?? [];
  return {
    intervalMs: values.osd_scrub_interval,
    deepIntervalMs: values.osd_deep_scrub_interval,
    mayScrub: !flags.has('noscrub') && !own.includes('noscrub'),
    mayDeepScrub: !flags.has('nodeep-scrub') && !own.includes('nodeep-scrub'),
  };
}
