/**
 * Whoever follows the map or the cluster log at this monitor. Each follower gets one message at a time and the next when
 * it has taken that: a slow one gets fewer and longer ones, and costs nothing while it thinks.
 */
import { CairnError, toCairnError } from '../../base/errors.js';
import { monotonicMs, type WallMs } from '../../base/instants.js';
import { encodeMapInSlices } from '../../cluster/codec/map-codec.js';
import type { ClusterMap } from '../../cluster/map.js';
import {
  logPushMethod,
  mapPushMethod,
  type SubscribeReply,
  type SubscribeRequest,
} from '../../protocol/monitor-methods.js';
import type { Timer } from '../../runtime/clock.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { Peer } from '../../wire/peer.js';
import { capsLacking } from '../commands/check-caps.js';
import type { MonitorState } from '../state/state.js';
import { frameIncrementals } from '../../protocol/map-push-frame.js';
import * as schemas from '../../protocol/monitor-schemas.js';
import { parseWith } from '../../protocol/schema.js';

/** A follower that takes longer over one message gets a whole map the next time. */
const pushMs = 60_000;
/** Of incrementals in one message. */
const pushBytesMax = 4 * 1024 * 1024;
const logRecordsPerPush = 500;
/** Begun in one turn of the event loop: each takes some 50 us, its write to the socket included, and a turn may take 20 ms. */
export const pushesPerTurn = 100;

/** Answers come from clients: anything may stand there. */
function haveOf({ header }: { readonly header: unknown }): number {
  try {
    return parseWith(schemas.pushReply, header, 'the answer to a push').have;
  } catch (error) {
    throw new CairnError('PROTOCOL_ERROR', 'a follower did not say what it has', { cause: error });
  }
}

interface Follower {
  readonly peer: Peer;
  readonly what: 'map' | 'log';
  have: number;
  isPushing: boolean;
}

export interface SubscriptionsParts {
  readonly state: MonitorState;
  /** The leader's time as this monitor knows it. */
  wall(): WallMs;
  hasLeader(): boolean;
  /** Asked again before each message: rights can be taken away. */
  mayFollow(peer: Peer): boolean;
}

export class Subscriptions {
  readonly #runtime: Runtime;
  readonly #parts: SubscriptionsParts;
  readonly #state: MonitorState;
  readonly #followers = new Map<Peer, Map<Follower['what'], Follower>>();
  /** Since the last change; empty but for the turns that it takes to tell them. */
  readonly #untold = new Set<Follower>();
  #turn: Timer | undefined;
  /** The newest whole map as bytes: a hundred followers that start together share the work. */
  #whole: { readonly epoch: number; readonly bytes: Promise<Uint8Array> } | undefined;

  constructor(runtime: Runtime, parts: SubscriptionsParts) {
    this.#runtime = runtime;
    this.#parts = parts;
    this.#state = parts.state;
  }

  get count(): number {
    let count = 0;
    for (const followers of this.#followers.values()) count += followers.size;
    return count;
  }

  /**
   * Replaces what the peer followed before, unless a message of that is under way: its answer says what the peer has. The
   * first message may overtake the reply. Throws `PERMISSION_DENIED`.
   */
  subscribe(peer: Peer, { what, have }: SubscribeRequest): SubscribeReply {
    if (!this.#parts.mayFollow(peer)) throw capsLacking(peer.name, 'r');
    const present = this.#followers.get(peer) ?? new Map<Follower['what'], Follower>();
    this.#followers.set(peer, present);
    if (present.get(what)?.isPushing !== true) {
      const follower: Follower = { peer, what, have, isPushing: false };
      present.set(what, follower);
      this.#push(follower);
    }
    return { newest: this.#newest(what), hasLeader: this.#parts.hasLeader() };
  }

  forget(peer: Peer): void {
    this.#followers.delete(peer);
  }

  /** The state has changed. A thousand followers are told in some turns, the first of them at once. */
  changed(): void {
    for (const followers of this.#followers.values()) {
      for (const follower of followers.values()) if (!follower.isPushing) this.#untold.add(follower);
    }
    if (this.#turn === undefined) this.#pushSome();
  }

  #pushSome(): void {
    this.#turn = undefined;
    let count = 0;
    for (const follower of this.#untold) {
      if (count === pushesPerTurn) {
        this.#turn = this.#runtime.clock.nextTurn(() => this.#pushSome());
        return;
      }
      count += 1;
      this.#untold.delete(follower);
      if (this.#isCurrent(follower)) this.#push(follower);
    }
  }

  /** A map that is still kept, as bytes. */
  async encodedMap(epoch: number): Promise<Uint8Array | undefined> {
    const map = this.#state.history.mapOf(epoch);
    return map === undefined ? undefined : this.#encode(map);
  }

  #newest(what: Follower['what']): number {
    return what === 'map' ? this.#state.map.epoch : this.#state.log.last;
  }

  #push(follower: Follower): void {
    if (follower.isPushing || follower.have >= this.#newest(follower.what)) return;
    if (!this.#parts.mayFollow(follower.peer)) {
      this.#drop(follower);
      return;
    }
    follower.isPushing = true;
    this.#pushOne(follower).then(
      () => {
        follower.isPushing = false;
        if (this.#isCurrent(follower)) this.#push(follower);
      },
      (error: unknown) => {
        // Gone, too slow, or answering nonsense: it will ask again when it wants more. Nothing that a follower does may
        // stop a monitor.
        this.#drop(follower);
        const { code, message } = toCairnError(error);
        const fields = { peer: follower.peer.name, what: follower.what, reason: message };
        if (code === 'INTERNAL') this.#runtime.log.error({ ...fields, err: error }, 'a push failed unexpectedly');
        else this.#runtime.log.info(fields, 'a follower was dropped');
      },
    );
  }

  #drop(follower: Follower): void {
    if (this.#isCurrent(follower)) this.#followers.get(follower.peer)?.delete(follower.what);
  }

  #isCurrent(follower: Follower): boolean {
    return this.#followers.get(follower.peer)?.get(follower.what) === follower;
  }

  async #pushOne(follower: Follower): Promise<void> {
    const deadline = monotonicMs(this.#runtime.clock.now() + pushMs);
    const have = await (follower.what === 'map'
      ? this.#pushMap(follower, deadline)
      : this.#pushLog(follower, deadline));
    if (!(have > follower.have)) {
      throw new CairnError('PROTOCOL_ERROR', `${follower.peer.name} did not take what it follows`);
    }
    follower.have = have;
  }

  async #pushMap({ peer, have }: Follower, deadline: ReturnType<typeof monotonicMs>): Promise<number> {
    const steps = this.#state.history.incrementalsAfter(have, pushBytesMax);
    const wall = this.#parts.wall();
    if (have > 0 && steps !== undefined) {
      const to = have + steps.length;
      const header = { kind: 'incrementals' as const, from: have, to, wall };
      return haveOf(await peer.call(mapPushMethod, header, { payload: frameIncrementals(steps), deadline }));
    }
    const { epoch, bytes } = this.#wholeMap();
    const header = { kind: 'full' as const, from: 0, to: epoch, wall };
    return haveOf(await peer.call(mapPushMethod, header, { payload: await bytes, deadline }));
  }

  async #pushLog({ peer, have }: Follower, deadline: ReturnType<typeof monotonicMs>): Promise<number> {
    const records = this.#state.log.following({ after: have, count: logRecordsPerPush });
    const missed = Math.max(0, (records[0]?.number ?? 0) - have - 1);
    return haveOf(await peer.call(logPushMethod, { records, missed }, { deadline }));
  }

  #wholeMap(): { readonly epoch: number; readonly bytes: Promise<Uint8Array> } {
    const { map } = this.#state;
    if (this.#whole?.epoch !== map.epoch) this.#whole = { epoch: map.epoch, bytes: this.#encode(map) };
    return this.#whole;
  }

  /** In slices: a map of 100,000 PGs must not hold up everything else. */
  async #encode(map: ClusterMap): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (const piece of encodeMapInSlices(map)) {
      pieces.push(piece);
      await this.#runtime.clock.yieldTurn();
    }
    return Buffer.concat(pieces);
  }
}
