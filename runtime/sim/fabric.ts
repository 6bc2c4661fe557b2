/**
 * The cables between simulated machines: who can reach whom, how fast, and which packets get lost. TCP hides losses: a
 * lost packet is a late one, sent again after a timeout that doubles from 200 ms on, and the ones behind it wait.
 */
import { CairnError } from '../../base/errors.js';
import type { Address } from '../network.js';
import type { MachineTime } from './machine-time.js';
import type { Owner } from './owner.js';
import { Prng } from './prng.js';
import type { Scheduler } from './scheduler.js';

export interface LinkOptions {
  /** One way, in ms. Default 0.1 between machines, 0.01 within one. */
  readonly latencyMs: number;
  /** Up to so much is added, by the seed. Default as much as the latency. */
  readonly jitterMs: number;
  /** Share of packets that have to be sent again. Default 0. */
  readonly lossRate: number;
  /** Shared by all connections of this direction. Default 1.25 GB/s. */
  readonly bytesPerSecond: number;
}

export interface NetworkOptions {
  readonly link?: Partial<LinkOptions>;
  /** What the kernel takes from `send` before it holds it back. Default 256 KiB. */
  readonly sendBufferBytes?: number;
  /** What the kernel holds for a process that does not read. Default 256 KiB. */
  readonly receiveBufferBytes?: number;
  /** A connection is lost when nothing gets through for so long (Linux: tcp_retries2, about 15 minutes). */
  readonly retransmitTimeoutMs?: number;
  /** `connect` gives up after so long without an answer (Linux: tcp_syn_retries, about 2 minutes). */
  readonly connectTimeoutMs?: number;
}

/** Machines by name; `undefined` stands for every machine. */
export interface Direction {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** One end of a connection, as its machine sees it. */
export interface HostEndpoint {
  readonly local: Address;
  /** The machine lost its power: nothing is sent any more, not even a reset. */
  vanish(): void;
}

/** Whoever accepts at an address of a machine. */
export interface HostListener {
  readonly address: Address;
  /** The machine lost its power. */
  vanish?(): void;
}

/** A machine as the network sees it. */
export interface Host {
  readonly name: string;
  readonly ip: string;
  readonly time: MachineTime;
  /** Of the present boot: its events vanish when the machine loses power. */
  kernel: Owner;
  isUp: boolean;
  nextPort: number;
  readonly listeners: Set<HostListener>;
  readonly endpoints: Set<HostEndpoint>;
  /** By UDP port. */
  readonly datagramReceivers: Map<number, (bytes: Uint8Array, from: Address) => void>;
}

interface Link {
  options: LinkOptions;
  busyUntil: number;
}

const anyAddresses = new Set(['0.0.0.0', '::']);
const ownAddresses = new Set(['127.0.0.1', '::1', 'localhost']);

/** Linux's ip_local_port_range. */
const ephemeralPorts = { first: 32_768, last: 60_999 };

export class Fabric {
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  readonly retransmitTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly #defaults: Partial<LinkOptions>;
  readonly #hosts = new Map<string, Host>();
  readonly #links = new Map<Host, Map<Host, Link>>();
  readonly #cuts: Direction[] = [];

  constructor(scheduler: Scheduler, seed: string, options: NetworkOptions) {
    this.scheduler = scheduler;
    this.prng = new Prng(`${seed}/network`);
    this.sendBufferBytes = options.sendBufferBytes ?? 256 * 1024;
    this.receiveBufferBytes = options.receiveBufferBytes ?? 256 * 1024;
    this.retransmitTimeoutMs = options.retransmitTimeoutMs ?? 924_600;
    this.connectTimeoutMs = options.connectTimeoutMs ?? 127_000;
    this.#defaults = options.link ?? {};
  }

  addHost(name: string, time: MachineTime, kernel: Owner): Host {
    const ip = `10.0.${this.#hosts.size >> 8}.${(this.#hosts.size & 255) + 1}`;
    const nextPort = ephemeralPorts.first + this.prng.below(20_000);
    const host = {
      name,
      ip,
      time,
      kernel,
      isUp: true,
      nextPort,
      listeners: new Set<never>(),
      endpoints: new Set<never>(),
      datagramReceivers: new Map<never, never>(),
    };
    this.#hosts.set(name, host);
    return host;
  }

  /** Packets in these directions are lost from now on; those under way as well. One-way unless `cut` twice. */
  cut(direction: Direction): void {
    this.scheduler.note('net.cut', `${direction.from ?? '*'}>${direction.to ?? '*'}`);
    this.#cuts.push(direction);
  }

  /** Both ways, between two machines or between one and all others. */
  cutBoth(a: string, b?: string): void {
    this.cut({ from: a, to: b });
    this.cut({ from: b, to: a });
  }

  /** Undoes cuts given in the same words; without any, all of them. Packets get through when they are next sent again. */
  heal(direction?: Direction): void {
    this.scheduler.note('net.heal', direction === undefined ? '*' : `${direction.from ?? '*'}>${direction.to ?? '*'}`);
    if (direction === undefined) {
      this.#cuts.length = 0;
      return;
    }
    const left = this.#cuts.filter((cut) => cut.from !== direction.from || cut.to !== direction.to);
    this.#cuts.splice(0, this.#cuts.length, ...left);
  }

  /** Changes links from now on. */
  setLink(direction: Direction, options: Partial<LinkOptions>): void {
    for (const from of this.#hosts.values()) {
      if (direction.from !== undefined && direction.from !== from.name) continue;
      for (const to of this.#hosts.values()) {
        if (direction.to !== undefined && direction.to !== to.name) continue;
        const link = this.#link(from, to);
        link.options = { ...link.options, ...options };
      }
    }
  }

  /** Whether a packet sent now arrives at a kernel that deals with it. A machine reaches itself whatever is cut. */
  reaches(from: Host, to: Host): boolean {
    if (!to.isUp || to.time.isSuspended) return false;
    if (from === to || this.#cuts.length === 0) return true;
    return !this.#cuts.some(
      (cut) => (cut.from === undefined || cut.from === from.name) && (cut.to === undefined || cut.to === to.name),
    );
  }

  /** Time on the way of a packet sent now, in ms, queueing and retransmission after a loss included. */
  transit(from: Host, to: Host, bytes: number): number {
    const link = this.#link(from, to);
    const { latencyMs, jitterMs, lossRate, bytesPerSecond } = link.options;
    let delay = latencyMs + this.prng.float() * jitterMs;
    if (bytes > 0) {
      const { now } = this.scheduler;
      link.busyUntil = Math.max(now, link.busyUntil) + (bytes * 1_000) / bytesPerSecond;
      delay += link.busyUntil - now;
    }
    if (lossRate > 0) for (let rto = retransmitMsMin; this.prng.chance(lossRate); rto *= 2) delay += rto;
    return delay;
  }

  /** Sends a datagram on its way: it arrives late, out of order, or not at all. `takeBytes` is the fabric's from now on. */
  carryDatagram(from: Host, to: Host, source: Address, port: number, takeBytes: Uint8Array): void {
    const { latencyMs, jitterMs, lossRate } = this.#link(from, to).options;
    if (this.prng.chance(lossRate)) {
      this.scheduler.note('net.datagram-lost', `${from.name}>${to.name}`, takeBytes.byteLength);
      return;
    }
    this.scheduler.after(latencyMs + this.prng.float() * jitterMs, to.kernel, 'net.datagram', () => {
      const receiver = to.datagramReceivers.get(port);
      if (receiver === undefined || !this.reaches(from, to)) return;
      this.scheduler.touch();
      receiver(takeBytes, source);
    });
  }

  /** The machine that `host` names for `from`. */
  resolve(from: Host, host: string): Host | undefined {
    if (ownAddresses.has(host) || anyAddresses.has(host)) return from;
    const named = this.#hosts.get(host);
    if (named !== undefined) return named;
    for (const candidate of this.#hosts.values()) if (candidate.ip === host) return candidate;
    return undefined;
  }

  /** What `listen` binds to, as an address that `findListener` compares. */
  bindAddress(host: Host, wanted: string): string {
    if (anyAddresses.has(wanted)) return wanted;
    if (ownAddresses.has(wanted)) return '127.0.0.1';
    if (this.resolve(host, wanted) === host) return host.ip;
    throw new CairnError('UNREACHABLE', `cannot listen at ${wanted}: it is no address of ${host.name}`);
  }

  /** The address that a listener of the machine gets; `ADDRESS_IN_USE` when another has it. */
  claim(host: Host, wanted: Address): Address {
    const bound = this.bindAddress(host, wanted.host);
    const port = wanted.port === 0 ? this.freePort(host) : wanted.port;
    for (const other of host.listeners) {
      if (other.address.port !== port || !overlaps(other.address.host, bound)) continue;
      throw new CairnError('ADDRESS_IN_USE', `cannot listen at ${showAddress(wanted)}: it is in use`);
    }
    return { host: bound, port };
  }

  /** Who listens for connections to that address of the machine. */
  findListener(host: Host, ip: string, port: number): HostListener | undefined {
    for (const listener of host.listeners) {
      const { address } = listener;
      if (address.port === port && (address.host === ip || anyAddresses.has(address.host))) return listener;
    }
    return undefined;
  }

  /** A port that nobody on the machine uses. */
  freePort(host: Host): number {
    const used = new Set<number>();
    for (const listener of host.listeners) used.add(listener.address.port);
    for (const endpoint of host.endpoints) used.add(endpoint.local.port);
    for (;;) {
      const port = host.nextPort;
      host.nextPort = port === ephemeralPorts.last ? ephemeralPorts.first : port + 1;
      if (!used.has(port)) return port;
    }
  }

  /** The machine lost its power: what its kernel knew is gone, and nobody is told. */
  onPowerLoss(host: Host): void {
    host.isUp = false;
    for (const listener of host.listeners) listener.vanish?.();
    host.listeners.clear();
    host.datagramReceivers.clear();
    for (const endpoint of host.endpoints) endpoint.vanish();
  }

  #link(from: Host, to: Host): Link {
    let links = this.#links.get(from);
    if (links === undefined) {
      links = new Map();
      this.#links.set(from, links);
    }
    let link = links.get(to);
    if (link === undefined) {
      const latencyMs = from === to ? 0.01 : (this.#defaults.latencyMs ?? 0.1);
      const jitterMs = from === to ? 0.01 : (this.#defaults.jitterMs ?? latencyMs);
      const { lossRate = 0, bytesPerSecond = 1.25e9 } = this.#defaults;
      link = { options: { latencyMs, jitterMs, lossRate: from === to ? 0 : lossRate, bytesPerSecond }, busyUntil: 0 };
      links.set(to, link);
    }
    return link;
  }
}

/** Linux: TCP_RTO_MIN and TCP_RTO_MAX. */
export const retransmitMsMin = 200;
export const retransmitMsMax = 120_000;

function overlaps(a: string, b: string): boolean {
  return a === b || anyAddresses.has(a) || anyAddresses.has(b);
}

export function showAddress(address: Address): string {
  return `${address.host}:${address.port}`;
}
