/**
 * One thing that is followed (the map, the cluster log) at whatever monitor the hunt has: asked for on each new connection,
 * and again now and then. Asking again renews what the monitor has dropped meanwhile, say since this end was slow, and
 * tells whether the monitor is still of use: one without a leader (cut off, or removed from the cluster) hears of nothing
 * new, and another may.
 */
import { type CairnError, isCairnError, toCairnError } from '../base/errors.js';
import { monotonicMs } from '../base/instants.js';
import type { Timer } from '../runtime/clock.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Peer } from '../wire/peer.js';
import type { MonitorHunt } from './monitor-hunt.js';
import { subscribeMethod } from './monitor-methods.js';
import { subscribeReply } from './monitor-schemas.js';
import { parseWith } from './schema.js';

/** How long one may follow nothing without knowing it. */
const renewMs = 10_000;
const askMs = 5_000;
/** Before another monitor is tried: what fails everywhere must not go round and round. */
const pauseMs = 1_000;

export interface SubscriptionOptions {
  readonly what: 'map' | 'log';
  /** As in `SubscribeRequest`; asked anew each time. */
  readonly have: () => number;
  /** What the monitor has. */
  readonly onNewest?: (newest: number) => void;
  /** It will never be allowed: the session may not follow this. */
  readonly onRefused: (error: CairnError) => void;
}

export class Subscription {
  readonly #runtime: Runtime;
  readonly #hunt: MonitorHunt;
  readonly #options: SubscriptionOptions;
  #peer: Peer | undefined;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(runtime: Runtime, hunt: MonitorHunt, options: SubscriptionOptions) {
    this.#runtime = runtime;
    this.#hunt = hunt;
    this.#options = options;
    const { current } = hunt;
    if (current !== undefined) this.connected(current);
  }

  /** There is a new connection. */
  connected(peer: Peer): void {
    if (this.#isOver || this.#peer === peer) return;
    this.#peer = peer;
    this.#ask(peer);
  }

  /** What this end has is not what it said last. */
  again(): void {
    if (!this.#isOver && this.#peer !== undefined) this.#ask(this.#peer);
  }

  /** What came over `peer` was of no use. */
  failed(peer: Peer, error: CairnError): void {
    if (this.#isOver || this.#peer !== peer) return;
    const { what } = this.#options;
    this.#runtime.log.warn({ err: error, monitor: peer.name, what }, 'cannot follow it there; trying another monitor');
    this.#after(pauseMs, () => this.#hunt.giveUp(peer));
  }

  close(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #ask(peer: Peer): void {
    const { what, have, onNewest, onRefused } = this.#options;
    const deadline = monotonicMs(this.#runtime.clock.now() + askMs);
    peer
      .call(subscribeMethod, { what, have: have() }, { deadline })
      .then(({ header }) => {
        const { newest, hasLeader } = parseWith(subscribeReply, header, 'mon.subscribe');
        if (this.#isOver || this.#peer !== peer) return;
        onNewest?.(newest);
        this.#after(renewMs, () => {
          if (hasLeader) this.#ask(peer);
          else this.#hunt.giveUp(peer);
        });
      })
      .catch((error: unknown) => {
        if (isCairnError(error, 'PERMISSION_DENIED')) onRefused(error);
        else this.failed(peer, toCairnError(error));
      });
  }

  #after(ms: number, act: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#runtime.clock.after(ms, act);
  }
}
