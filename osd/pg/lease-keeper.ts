/** The leases of one OSD, both sides: asks when it is time, answers, wakes who waits for one. The rules are in `lease/`. */
import { CairnError, isCairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { Timer } from '../../runtime/clock.js';
import type { Runtime } from '../../runtime/runtime.js';
import { LeaseGrantor } from './lease/grantor.js';
import { LeaseHolder } from './lease/holder.js';
import { askIntervalMs, type Clocks } from './lease/lease-time.js';
import type { LeaseAsk, OsdRun } from './lease/types.js';
import {
  leaseMethod,
  nameHeader,
  nameOfHeader,
  runHeader,
  runOfHeader,
  type LeaseReply,
  type LeaseRequest,
} from './messages.js';
import type { Member } from '../../cluster/pg-record.js';
import type { OsdPeers } from './peers.js';

/** A grant that comes later than this extends nothing. */
const askMs = 1_000;
/** How often it is looked whether asks are due: a quarter of their interval. */
const lookMs = askIntervalMs / 4;

export class LeaseKeeper {
  readonly holder: LeaseHolder;
  readonly grantor: LeaseGrantor;
  readonly #runtime: Runtime;
  readonly #self: OsdRun;
  readonly #peers: OsdPeers;
  readonly #waiting = new Set<() => void>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(runtime: Runtime, { osd, store, boot }: OsdRun, peers: OsdPeers) {
    this.#runtime = runtime;
    this.#self = { osd, store, boot };
    this.#peers = peers;
    this.holder = new LeaseHolder(this.#self, this.clocks());
    this.grantor = new LeaseGrantor(this.#self);
    this.#look();
  }

  clocks(): Clocks {
    const { clock } = this.#runtime;
    return { now: clock.now(), wall: clock.wall() };
  }

  onMap(map: ClusterMap): void {
    for (const { id, uuid, store, boot } of map.osds.values()) {
      if (uuid === undefined) continue;
      this.holder.onRegistered({ osd: id, store, boot });
      this.grantor.onRegistered({ osd: id, store, boot });
    }
  }

  onAsk({ holder, askedAt, noted }: LeaseRequest): LeaseReply {
    const ask = { holder: runOfHeader(holder), askedAt: monotonicMs(askedAt), noted: noted.map(nameOfHeader) };
    const grant = this.grantor.onAsk(this.#runtime.clock.now(), ask);
    if (grant === undefined) throw new CairnError('CONFLICT', 'a later run of this OSD is known; this one is no more');
    return { grantor: runHeader(grant.grantor), named: grant.named.map(nameHeader), isGranted: grant.isGranted };
  }

  /** Resolves with the next grant, at the latest after `ms`. */
  news(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#runtime.clock.after(ms, () => wake());
      const wake = (): void => {
        timer.cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#wake();
  }

  #look(): void {
    if (this.#isClosed) return;
    if (this.holder.onClocks(this.clocks())) {
      this.#runtime.log.warn(
        {},
        'the clocks of this machine parted: it was suspended, or set; leases are asked for anew',
      );
    }
    for (const { to, ask } of this.holder.asks(this.clocks())) this.#ask(to, ask);
    this.#timer = this.#runtime.clock.after(lookMs, () => this.#look());
  }

  #ask(to: Member, ask: LeaseAsk): void {
    const { askedAt } = ask;
    const header = { holder: runHeader(ask.holder), askedAt, noted: ask.noted.map(nameHeader) };
    const deadline = monotonicMs(this.#runtime.clock.now() + askMs);
    this.#peers.call(to.osd, leaseMethod, header, { deadline }).then(
      ({ header: reply }) => {
        if (this.#isClosed) return;
        const grant = {
          grantor: runOfHeader(reply.grantor),
          holder: ask.holder,
          askedAt,
          named: reply.named.map(nameOfHeader),
          isGranted: reply.isGranted,
        };
        this.holder.onGrant(this.clocks(), grant);
        this.#wake();
      },
      (error: unknown) => {
        if (!isCairnError(error)) this.#runtime.fatal(error);
      },
    );
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
