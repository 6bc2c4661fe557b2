/**
 * Finds connections that only seem to be there: after `pingIdleMs` of silence a ping goes out, after `silenceMs` the
 * connection is lost. A step of sending that the kernel does not take for `sendStallMs` counts as lost too: the peer
 * answers, perhaps, but does not read.
 */
import { CairnError } from '../base/errors.js';
import type { MonotonicMs } from '../base/instants.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { ResolvedConnectionOptions } from './limits.js';

export interface KeepaliveCollaborators {
  readonly clock: Clock;
  readonly sendPing: (id: number) => void;
  readonly sendingSince: () => MonotonicMs | undefined;
  readonly onDead: (error: CairnError) => void;
}

export class Keepalive {
  readonly #options: ResolvedConnectionOptions;
  readonly #with: KeepaliveCollaborators;
  #timer: Timer | undefined;
  #pingId = 0;
  #pingSentAt: MonotonicMs | undefined;
  #lastReceivedAt: MonotonicMs;
  #rttMs: number | undefined;
  #hasLookedAgain = false;

  constructor(options: ResolvedConnectionOptions, collaborators: KeepaliveCollaborators) {
    this.#options = options;
    this.#with = collaborators;
    this.#lastReceivedAt = collaborators.clock.now();
    this.#ping(this.#lastReceivedAt);
    this.#arm(options.pingIdleMs);
  }

  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  get lastReceivedAt(): MonotonicMs {
    return this.#lastReceivedAt;
  }

  received(): void {
    this.#lastReceivedAt = this.#with.clock.now();
  }

  pong(id: number): void {
    if (id !== this.#pingId || this.#pingSentAt === undefined) return;
    this.#rttMs = this.#with.clock.now() - this.#pingSentAt;
    this.#pingSentAt = undefined;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#with.clock.after(delayMs, () => this.#check());
  }

  #check(): void {
    const { pingIdleMs, silenceMs, sendStallMs } = this.#options;
    const now = this.#with.clock.now();
    const silentMs = now - this.#lastReceivedAt;
    const sendingSince = this.#with.sendingSince();
    if (silentMs >= silenceMs && !this.#hasLookedAgain) {
      // Had this process stood still, what the peer sent meanwhile would wait in the socket: it is read before we judge.
      this.#hasLookedAgain = true;
      this.#timer = this.#with.clock.nextTurn(() => this.#check());
      return;
    }
    this.#hasLookedAgain = false;
    if (silentMs >= silenceMs) {
      this.#with.onDead(new CairnError('CONNECTION_LOST', `nothing was received for ${Math.round(silentMs)} ms`));
      return;
    }
    if (sendingSince !== undefined && now - sendingSince >= sendStallMs) {
      this.#with.onDead(new CairnError('CONNECTION_LOST', `the peer did not read for ${sendStallMs} ms`));
      return;
    }
    if (silentMs >= pingIdleMs && this.#pingSentAt === undefined) this.#ping(now);
    const nextMs = this.#pingSentAt === undefined ? pingIdleMs - silentMs : silenceMs - silentMs;
    this.#arm(Math.max(1, Math.ceil(Math.min(nextMs, pingIdleMs))));
  }

  #ping(now: MonotonicMs): void {
    this.#pingId = (this.#pingId + 1) >>> 0;
    this.#pingSentAt = now;
    this.#with.sendPing(this.#pingId);
  }
}
