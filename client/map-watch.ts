/** The newest map that the monitors have pushed, and waiting for a newer one. */
import { CairnError, isCairnError, toCairnError } from '../base/errors.js';
import { monotonicMs } from '../base/instants.js';
import type { ClusterMap } from '../cluster/map.js';
import type { MonitorClient } from '../protocol/monitor-client.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { Runtime } from '../runtime/runtime.js';
import { type Race, raceWithWait } from '../runtime/wait.js';

interface Waiter {
  readonly holds: (map: ClusterMap) => boolean;
  readonly race: Race<ClusterMap>;
}

export class MapWatch {
  readonly #runtime: Runtime;
  readonly #onMap: (map: ClusterMap) => void;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  readonly #waiters = new Set<Waiter>();
  #map: ClusterMap | undefined;
  #endedBy: CairnError | undefined;

  /** `onMap` comes before those who wait. */
  constructor(runtime: Runtime, monitors: MonitorClient, onMap: (map: ClusterMap) => void) {
    this.#runtime = runtime;
    this.#onMap = onMap;
    this.#following = this.#follow(monitors).catch((error: unknown) => this.#end(toCairnError(error)));
  }

  /** `undefined` before the first. */
  get map(): ClusterMap | undefined {
    return this.#map;
  }

  /** The first map for which `holds`. Errors: as `WaitOptions`; `CLOSED`; `PERMISSION_DENIED` to follow the map at all. */
  until(holds: (map: ClusterMap) => boolean, wait: WaitOptions, doing: string): Promise<ClusterMap> {
    if (this.#endedBy !== undefined) return Promise.reject(this.#endedBy);
    if (this.#map !== undefined && holds(this.#map)) return Promise.resolve(this.#map);
    return raceWithWait<ClusterMap>(this.#runtime.clock, wait, doing, (race) => {
      const waiter = { holds, race };
      this.#waiters.add(waiter);
      return () => this.#waiters.delete(waiter);
    });
  }

  /** For so long, unless `holds` earlier. Errors: as `until`, but for a deadline. */
  async pause(ms: number, holds: (map: ClusterMap) => boolean, signal: AbortSignal | undefined): Promise<void> {
    const deadline = monotonicMs(this.#runtime.clock.now() + ms);
    try {
      await this.until(holds, { deadline, signal }, 'waiting for a newer map');
    } catch (error) {
      if (!isCairnError(error, 'DEADLINE_EXCEEDED')) throw error;
    }
  }

  async close(reason: CairnError): Promise<void> {
    this.#end(reason);
    this.#stop.abort(reason);
    await this.#following;
  }

  async #follow(monitors: MonitorClient): Promise<void> {
    for await (const map of monitors.followMap({ signal: this.#stop.signal })) this.#take(map);
    this.#end(new CairnError('CLOSED', 'the cluster map is not followed any more'));
  }

  #take(map: ClusterMap): void {
    if (this.#endedBy !== undefined) return;
    this.#map = map;
    this.#onMap(map);
    for (const waiter of this.#waiters) {
      if (!waiter.holds(map)) continue;
      this.#waiters.delete(waiter);
      waiter.race.win(map);
    }
  }

  #end(reason: CairnError): void {
    this.#endedBy ??= reason;
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { race } of waiters) race.fail(this.#endedBy);
  }
}
