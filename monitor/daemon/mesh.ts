/**
 * The monitors' connections to one another: each dials all others, and answers on what it accepted. Carries Raft's
 * messages, which may get lost, and calls to the leader.
 */
import type { CairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import type { MonitorInfo } from '../../cluster/map.js';
import type { NodeAddress } from '../../cluster/osd.js';
import { raftMethod } from '../../protocol/monitor-methods.js';
import type { Timer } from '../../runtime/clock.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { TlsOptions } from '../../runtime/network.js';
import { Dialer } from '../../wire/dialer.js';
import type { HandlerTable } from '../../wire/handlers.js';
import type { Peer } from '../../wire/peer.js';
import type { Transport } from '../consensus/types.js';
import { encodeMessage } from '../raft/codec/message-codec.js';
import { type MemberId, memberId, type RaftMessage } from '../raft/types.js';
import { printAddress } from '../../protocol/address-text.js';

/** Of one peer, on their way: Raft sends again what is dropped, and bounds appends by itself. */
const inFlightMax = 256;
const inFlightBytesMax = 64 * 1024 * 1024;
/** Older messages of Raft are of no use. */
const messageMs = 5_000;
/** A monitor that restarts should be found within its peers' election timeout. */
const backoffMsMax = 500;
/** A removed monitor is told so by Raft within an election timeout, and if it led, it has answers to give. */
const lingerMs = 2_000;
/** Twice what the wire lets pass without a word before it asks (`pingIdleMs`): whoever lives has answered by then. */
const heardMs = 4_000;

export interface MeshOptions {
  /** `a` for `mon.a`. */
  readonly name: string;
  /** Its own: it does not dial itself. */
  readonly address: NodeAddress;
  readonly fsid: string;
  readonly key: Uint8Array;
  /** To dial while the map is not known: who is there says so itself. */
  readonly seeds: readonly NodeAddress[];
  readonly tls: TlsOptions | undefined;
  /** There is a connection to another monitor: what waits for the leader may go there. */
  readonly onConnected: () => void;
}

/** Members that the map does not know: there is one joining at a time, and the lives before it. */
const heardMax = 64;

interface Link {
  readonly address: string;
  readonly dialer: Dialer;
  /** Set when the map does not have the monitor any more. */
  leaving: Timer | undefined;
}

export class Mesh implements Transport {
  readonly #runtime: Runtime;
  readonly #options: MeshOptions;
  readonly #handlers: HandlerTable;
  readonly #links = new Map<string, Link>();
  readonly #accepted = new Map<string, Peer>();
  /** By the map. */
  #nameOf: ReadonlyMap<MemberId, string> = new Map();
  /** What the map does not say yet: a joining member hears of its leader before it has a map. */
  readonly #heardOf = new Map<MemberId, string>();
  readonly #inFlight = new Map<string, { count: number; bytes: number }>();
  /** Peers with messages since the last `flush`. */
  readonly #unflushed = new Set<Peer>();
  /** Who is at the other end proved to know this monitor's key: only the cluster's monitors do. */
  readonly #dialled = new WeakSet<Peer>();
  #seeds: readonly Dialer[] = [];
  #dropped = 0;
  #isClosed = false;

  constructor(runtime: Runtime, options: MeshOptions, handlers: HandlerTable) {
    this.#runtime = runtime;
    this.#options = options;
    this.#handlers = handlers;
  }

  /** Raft messages that could not be sent: no connection, or too many on their way. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Whom to dial, by the map. `isOfThisLife`: the map knows this monitor under its member id. Before that the map is empty
   * or speaks of a past without the others, and the seeds are dialled as well.
   */
  update(monitors: Iterable<MonitorInfo>, { isOfThisLife }: { readonly isOfThisLife: boolean }): void {
    if (this.#isClosed) return;
    if (!isOfThisLife) this.#dialSeeds();
    const wanted = new Map([...monitors].map((monitor) => [monitor.name, monitor]));
    for (const [name, link] of this.#links) {
      const monitor = wanted.get(name);
      if (monitor === undefined) link.leaving ??= this.#runtime.clock.after(lingerMs, () => this.#drop(name, link));
      else if (addressText(monitor) !== link.address) this.#drop(name, link);
      else {
        link.leaving?.cancel();
        link.leaving = undefined;
      }
    }
    this.#nameOf = new Map([...wanted.values()].map(({ member, name }) => [memberId(member), name]));
    for (const monitor of wanted.values()) {
      if (monitor.name !== this.#options.name && !this.#links.has(monitor.name)) this.#dial(monitor);
    }
  }

  /** A monitor dialled this one: answers can go back there, also to one that this one's map does not know yet. */
  accepted(peer: Peer): void {
    this.#accepted.set(monitorName(peer), peer);
    this.#options.onConnected();
  }

  gone(peer: Peer): void {
    const name = monitorName(peer);
    if (this.#accepted.get(name) === peer) this.#accepted.delete(name);
  }

  /** Whether this monitor made the connection, and the other end has therefore shown that it is a monitor. */
  hasDialled(peer: Peer): boolean {
    return this.#dialled.has(peer);
  }

  /** A message of member `id` came over `peer`. False: the map says that this member is another monitor. */
  heard(id: MemberId, peer: Peer): boolean {
    const name = monitorName(peer);
    const known = this.#nameOf.get(id);
    if (known !== undefined) return known === name;
    this.#heardOf.delete(id);
    this.#heardOf.set(id, name);
    const [oldest] = this.#heardOf.keys();
    if (this.#heardOf.size > heardMax && oldest !== undefined) this.#heardOf.delete(oldest);
    return true;
  }

  /** The connection to a monitor, its own or ours; `undefined` when there is none. */
  peer(name: string): Peer | undefined {
    return this.#links.get(name)?.dialer.peer ?? this.#accepted.get(name);
  }

  /** Whether bytes of that monitor came lately, over its connection or ours. */
  hears(name: string): boolean {
    const since = this.#runtime.clock.now() - heardMs;
    const peers = [this.#links.get(name)?.dialer.peer, this.#accepted.get(name)];
    return peers.some((peer) => peer !== undefined && peer.lastReceivedAt >= since);
  }

  send(message: RaftMessage): void {
    const name = this.#nameOf.get(message.to) ?? this.#heardOf.get(message.to);
    const peer = name === undefined ? undefined : this.peer(name);
    if (name === undefined || peer === undefined) {
      this.#dropped += 1;
      return;
    }
    const payload = encodeMessage(message);
    const load = this.#inFlight.get(name) ?? { count: 0, bytes: 0 };
    this.#inFlight.set(name, load);
    if (load.count >= inFlightMax || (load.count > 0 && load.bytes + payload.byteLength > inFlightBytesMax)) {
      this.#dropped += 1;
      return;
    }
    load.count += 1;
    load.bytes += payload.byteLength;
    const deadline = monotonicMs(this.#runtime.clock.now() + messageMs);
    const settle = (): void => {
      load.count -= 1;
      load.bytes -= payload.byteLength;
    };
    this.#unflushed.add(peer);
    peer.tell(raftMethod, {}, { payload, deadline }).then(settle, (_error: CairnError) => {
      settle();
      this.#dropped += 1;
    });
  }

  flush(): void {
    for (const peer of this.#unflushed) peer.flush();
    this.#unflushed.clear();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { leaving } of this.#links.values()) leaving?.cancel();
    const dialers = [...this.#seeds, ...[...this.#links.values()].map(({ dialer }) => dialer)];
    this.#seeds = [];
    this.#links.clear();
    await Promise.all(dialers.map((dialer) => dialer.close()));
  }

  #drop(name: string, link: Link): void {
    link.leaving?.cancel();
    if (this.#links.get(name) === link) this.#links.delete(name);
    void link.dialer.close();
  }

  #dial(monitor: MonitorInfo): void {
    const dialer = this.#dialer(monitor.address, {
      expectedName: `mon.${monitor.name}`,
      onConnected: () => this.#options.onConnected(),
    });
    this.#links.set(monitor.name, { address: addressText(monitor), dialer, leaving: undefined });
  }

  /** They stay until this mesh closes: a leader may talk through one before the map says where it is. */
  #dialSeeds(): void {
    if (this.#seeds.length > 0) return;
    const { seeds, address: own } = this.#options;
    const others = seeds.filter((address) => printAddress(address) !== printAddress(own));
    this.#seeds = others.map((address) => {
      let connected: Peer | undefined;
      return this.#dialer(address, {
        onConnected: (peer) => {
          connected = peer;
          this.accepted(peer);
        },
        onDisconnected: () => {
          if (connected !== undefined) this.gone(connected);
        },
      });
    });
  }

  #dialer(
    address: NodeAddress,
    {
      expectedName,
      ...events
    }: {
      readonly expectedName?: string;
      readonly onConnected?: (peer: Peer) => void;
      readonly onDisconnected?: () => void;
    },
  ): Dialer {
    const { name, fsid, key, tls } = this.#options;
    const identity = { name: `mon.${name}`, role: 'monitor', fsid };
    return new Dialer(
      this.#runtime,
      { address, identity, tls, expectedName, backoffMsMax },
      {
        key,
        handlers: this.#handlers,
        ...events,
        onConnected: (peer) => {
          this.#dialled.add(peer);
          events.onConnected?.(peer);
        },
      },
    );
  }
}

export function monitorName(peer: Peer): string {
  return peer.name.replace(/^mon\./, '');
}

function addressText({ address }: MonitorInfo): string {
  return `${address.host}:${address.port}`;
}
