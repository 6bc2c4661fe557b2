/** Keeps the newest map by what the monitors push, through changes of the monitor that it comes from. */
import { CairnError, toCairnError } from '../base/errors.js';
import { applyIncrementalSteps } from '../cluster/apply-incremental.js';
import { decodeIncremental } from '../cluster/codec/incremental-codec.js';
import { decodeMapInSlices } from '../cluster/codec/map-codec.js';
import type { ClusterMap } from '../cluster/map.js';
import type { Runtime } from '../runtime/runtime.js';
import { Slices } from '../runtime/slices.js';
import type { HandlerTable } from '../wire/handlers.js';
import type { Peer } from '../wire/peer.js';
import { splitIncrementals } from './map-push-frame.js';
import type { MonitorHunt } from './monitor-hunt.js';
import { type MapPush, mapPushMethod } from './monitor-methods.js';
import { Subscription } from './subscription.js';

export class MapFollower {
  readonly #runtime: Runtime;
  readonly #onMap: (map: ClusterMap) => void;
  #map: ClusterMap | undefined;
  #subscription: Subscription | undefined;
  #refusal: CairnError | undefined;
  #isClosed = false;
  /** One push after the other, also when two monitors send for a moment. */
  #applying: Promise<unknown> = Promise.resolve();
  readonly #wakers = new Set<() => void>();

  constructor(runtime: Runtime, handlers: HandlerTable, onMap: (map: ClusterMap) => void) {
    this.#runtime = runtime;
    this.#onMap = onMap;
    handlers.on(mapPushMethod, async ({ header, payload, peer }) => {
      const applied = this.#applying.then(() => this.#take(header, payload));
      this.#applying = applied.catch((error: unknown) => this.#subscription?.failed(peer, toCairnError(error)));
      await applied;
      return { header: { have: this.#map?.epoch ?? 0 } };
    });
  }

  onConnected(peer: Peer): void {
    this.#subscription?.connected(peer);
  }

  /**
   * The map now if there is one, then whatever is newest each time the caller asks again: it may skip epochs. Throws
   * `PERMISSION_DENIED` when this session may not follow it.
   */
  async *follow(signal: AbortSignal, hunt: MonitorHunt): AsyncGenerator<ClusterMap> {
    if (this.#isClosed) return;
    this.#subscription ??= new Subscription(this.#runtime, hunt, {
      what: 'map',
      have: () => this.#map?.epoch ?? 0,
      onRefused: (error) => {
        this.#refusal = error;
        this.#wake();
      },
    });
    let seen = 0;
    while (!signal.aborted && !this.#isClosed) {
      if (this.#refusal !== undefined) throw this.#refusal;
      const map = this.#map;
      if (map !== undefined && map.epoch > seen) {
        seen = map.epoch;
        yield map;
      } else await this.#changed(signal);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#subscription?.close();
    this.#wake();
  }

  async #take(push: MapPush, payload: Uint8Array): Promise<void> {
    const next = await this.#next(push, payload);
    if (next === undefined || this.#isClosed) return;
    this.#map = next;
    this.#onMap(next);
    this.#wake();
  }

  /** In slices: a map of 100,000 PGs must not hold up everything else of this process. */
  async #next({ kind, from, to }: MapPush, payload: Uint8Array): Promise<ClusterMap | undefined> {
    const have = this.#map;
    const slices = new Slices(this.#runtime.clock);
    if (kind === 'full') {
      const map = await slices.run(decodeMapInSlices(payload));
      return have === undefined || map.epoch > have.epoch ? map : undefined;
    }
    if (have === undefined || from > have.epoch) {
      throw new CairnError('CONFLICT', `the monitor sent what follows epoch ${from}; this end has ${have?.epoch ?? 0}`);
    }
    if (to <= have.epoch) return undefined;
    let map = have;
    for (const bytes of splitIncrementals(payload).slice(have.epoch - from)) {
      map = await slices.run(applyIncrementalSteps(map, decodeIncremental(bytes)));
    }
    return map;
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#wakers.delete(wake);
        resolve();
      };
      this.#wakers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
  }
}
