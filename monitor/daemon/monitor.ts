/**
 * The monitor daemon: consensus, the state that it replicates, and everybody who talks to it. This file puts the parts
 * together and decides nothing by itself.
 *
 *     clients, OSDs ──► handlers ──► Requests ──► Lead (here, or at the leader) ──► Proposer ──► Consensus
 *                          │                                                                        │ committed
 *                          └──► Subscriptions ◄──────────────── MonitorState ◄──────────────────────┘
 */
import type { MetricsRegistry } from '../../base/metrics/registry.js';
import { type MonotonicMs, monotonicMs } from '../../base/instants.js';
import { mayRun } from '../../cluster/caps.js';
import type { ClusterMap, Entity, MonitorInfo } from '../../cluster/map.js';
import type { NodeAddress } from '../../cluster/osd.js';
import { printAddress } from '../../protocol/address-text.js';
import type { Credentials } from '../../protocol/credentials.js';
import type { Hearing } from '../../protocol/hearing.js';
import { vitalsMethod } from '../../protocol/monitor-methods.js';
import type { Timer } from '../../runtime/clock.js';
import type { TlsOptions } from '../../runtime/network.js';
import type { Runtime } from '../../runtime/runtime.js';
import { supervise } from '../../runtime/supervise.js';
import { HandlerTable } from '../../wire/handlers.js';
import { WireListener } from '../../wire/listener.js';
import type { Peer } from '../../wire/peer.js';
import { HealthInputs } from '../commands/health-input.js';
import type { CommandContext } from '../commands/types.js';
import { CommandTable } from '../commands/types.js';
import { registerAllCommands } from '../commands/all.js';
import { openConsensus } from '../consensus/consensus.js';
import type { Consensus } from '../consensus/types.js';
import type { SoftState } from '../soft-state.js';
import { blankContent } from '../state/blank.js';
import { MonitorMachine } from '../state/machine.js';
import { MonitorState } from '../state/state.js';
import { forgetJoining, hasStore, joinCluster, storeName } from './boot.js';
import { markRemoved, refuseRemoved } from './removed.js';
import { registerHandlers } from './handlers.js';
import { stateKeyring } from './keyring.js';
import { Leading } from './leading.js';
import { LoopDelay } from '../../runtime/loop-delay.js';
import { Mesh } from './mesh.js';
import { ClusterMetrics } from './cluster-metrics.js';
import { monitorMetrics } from './metrics.js';
import { Requests } from './requests.js';
import { SoftBook } from './soft-book.js';
import { StoreSize } from './store-size.js';
import { StatusGate } from './status-gate.js';
import { Subscriptions } from './subscriptions.js';

export interface MonitorOptions {
  /** The daemon's own. Without a store in it, the monitor joins the cluster of `credentials` as a learner. */
  readonly directory: string;
  /** `a` of `mon.a`. */
  readonly name: string;
  /** Where it listens, and what it tells others. */
  readonly address: NodeAddress;
  /** Its own, with the monitors to ask for a place when there is no store. */
  readonly credentials: Credentials;
  /** Of the program. */
  readonly version: string;
  readonly tls?: TlsOptions | undefined;
  /** The monitors in the map changed: whoever keeps `credentials` keeps them true, for the day the disk is lost. */
  readonly onMonitors?: ((monitors: readonly MonitorInfo[]) => void) | undefined;
  /** The cluster removed this monitor: called once, and it starts no more with this directory. Whoever started it stops it. */
  readonly onRemoved?: (() => void) | undefined;
  /** Of this machine, for messages to a syslog server. */
  readonly hostname: string;
  /** As in `ConsensusOptions`. */
  readonly tickMs?: number | undefined;
  readonly snapshotAfterEntries?: number | undefined;
}

/** The leader's own work: failure detection, membership, time. Also how finely delays of this loop are seen. */
const beatMs = 100;
/** A monitor tells the leader how it is, every so many beats. */
const vitalsBeats = 10;
const vitalsMs = 3_000;

export class Monitor {
  readonly state: MonitorState;
  readonly #runtime: Runtime;
  readonly #options: MonitorOptions;
  readonly #table = new CommandTable();
  readonly #gate: StatusGate;
  readonly #mesh: Mesh;
  readonly #book = new SoftBook();
  readonly #loopDelay = new LoopDelay();
  readonly #storeSize: StoreSize;
  readonly #subscriptions: Subscriptions;
  readonly #requests: Requests;
  readonly #leading: Leading;
  readonly #consensus: Consensus;
  readonly #handlers: HandlerTable;
  /** For /metrics; some of it is of the last `observe`. */
  readonly metrics: MetricsRegistry;
  readonly #clusterMetrics: ClusterMetrics;
  #listener: WireListener | undefined;
  #beats = 0;
  #isRemoved = false;
  #timer: Timer | undefined;
  #monitors: ReadonlyMap<string, MonitorInfo> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(runtime: Runtime, options: MonitorOptions, parts: OpenedParts) {
    this.#runtime = runtime;
    this.#options = options;
    this.state = parts.machine.state;
    this.#gate = new StatusGate(runtime.clock);
    this.#mesh = parts.mesh;
    this.#handlers = parts.handlers;
    this.#storeSize = new StoreSize(runtime.disk, `${options.directory}/${storeName}`);
    this.#consensus = parts.consensus;
    this.#subscriptions = new Subscriptions(runtime, {
      state: this.state,
      wall: () => this.#wall(),
      hasLeader: () => parts.consensus.status.leader !== undefined,
      mayFollow: (peer) => mayRead(this.state.map, peer),
    });
    const soft = (): SoftState => this.#soft();
    this.#leading = new Leading(runtime, {
      consensus: parts.consensus,
      machine: parts.machine,
      table: this.#table,
      soft,
      name: options.name,
      hostname: options.hostname,
      onChanged: () => this.#gate.open(),
      onLead: () => this.#book.beginLead(),
    });
    this.metrics = monitorMetrics({
      state: this.state,
      raft: () => parts.consensus.status,
      consensus: parts.consensus.metrics,
      requestsUnderWay: () => this.#requests.underWay,
      changesQueued: () => this.#leading.office?.lead.queued ?? 0,
      followers: () => this.#subscriptions.count,
      messagesDropped: () => parts.mesh.dropped,
      loopDelayMs: () => this.#loopDelay.worstMs,
    });
    const health = new HealthInputs();
    this.#clusterMetrics = new ClusterMetrics(this.metrics, health);
    this.#requests = new Requests(runtime, {
      table: this.#table,
      state: this.state,
      gate: this.#gate,
      lead: () => this.#leading.office?.lead,
      leader: () => this.#leader(),
      hearing: () => this.#hearing(),
      staleContext: (entity) => this.#staleContext(entity),
    });
    registerAllCommands(this.#table, {
      membership: () => this.#leading.office?.membership,
      archive: { encoded: (epoch) => this.#subscriptions.encodedMap(epoch) },
      health,
    });
    registerHandlers(this.#handlers, {
      clock: runtime.clock,
      state: this.state,
      consensus: parts.consensus,
      leading: this.#leading,
      mesh: this.#mesh,
      requests: this.#requests,
      book: this.#book,
      subscriptions: this.#subscriptions,
      leader: () => this.#leader(),
    });
  }

  /**
   * Resolves when it listens and takes part. With an empty directory that is once the cluster let it in. Errors: those of
   * the store (rot, another cluster's directory), of the network, `CANCELLED`.
   */
  static async start(runtime: Runtime, options: MonitorOptions, signal: AbortSignal): Promise<Monitor> {
    const { directory, name, address, tls } = options;
    const credentials = withoutSelf(options);
    await refuseRemoved(runtime, directory, name);
    if (!(await hasStore(runtime, directory))) {
      await joinCluster(runtime, { directory, credentials, name, address, tls, signal });
    }
    await forgetJoining(runtime, directory);
    const handlers = new HandlerTable();
    const { fsid, key } = credentials;
    // What happens while the store opens and replays is looked at once everything is there.
    const late: { monitor?: Monitor } = {};
    const mesh = new Mesh(
      runtime,
      {
        name,
        address,
        fsid,
        key,
        seeds: credentials.monitors,
        tls,
        onConnected: () => {
          if (late.monitor !== undefined) late.monitor.#gate.open();
        },
      },
      handlers,
    );
    const machine = new MonitorMachine(runtime.clock, new MonitorState(blankContent(fsid)), () => {
      if (late.monitor !== undefined) late.monitor.#onApplied();
    });
    const { tickMs, snapshotAfterEntries } = options;
    const consensus = await openConsensus(
      runtime,
      { directory: `${directory}/${storeName}`, fsid, tickMs, snapshotAfterEntries },
      {
        transport: mesh,
        machine,
        events: {
          onStatus: (status) => {
            if (late.monitor !== undefined) late.monitor.#onStatus(status);
          },
        },
      },
    );
    const monitor = new Monitor(runtime, options, { machine, mesh, handlers, consensus });
    late.monitor = monitor;
    try {
      await monitor.#listen();
    } catch (error) {
      await monitor.close();
      throw error;
    }
    return monitor;
  }

  get status(): SoftState {
    return this.#soft();
  }

  /** Looks at the cluster, for `metrics`: takes as long as `cairn status`. */
  async observe(): Promise<void> {
    const { office } = this.#leading;
    await this.#clusterMetrics.look(office && { ...this.#staleContext(observer), wall: office.lead.wall() });
  }

  /** Where it listens. */
  get address(): NodeAddress {
    return this.#listener?.address ?? this.#options.address;
  }

  /** Stops taking part; the others elect another leader if this one led. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#timer?.cancel();
    this.#leading.close();
    await Promise.all([this.#listener?.close(), this.#mesh.close()]);
    await this.#consensus.close();
    await this.#leading.closed;
    this.#gate.open();
  }

  async #listen(): Promise<void> {
    const { name, credentials, address, tls } = this.#options;
    const identity = { name: `mon.${name}`, role: 'monitor', fsid: credentials.fsid };
    this.#onApplied();
    this.#listener = await WireListener.listen(
      this.#runtime,
      { address, identity, tls },
      {
        handlers: this.#handlers,
        keys: stateKeyring(this.state, credentials),
        onConnected: (peer) => {
          if (peer.role === 'monitor' && peer.name.startsWith('mon.')) this.#mesh.accepted(peer);
        },
        onDisconnected: (peer) => {
          this.#mesh.gone(peer);
          this.#subscriptions.forget(peer);
        },
      },
    );
    this.#beat();
  }

  #onApplied(): void {
    const { monitors } = this.state.map;
    if (monitors !== this.#monitors) {
      this.#monitors = monitors;
      const isOfThisLife = monitors.get(this.#options.name)?.member === this.#consensus.self;
      this.#mesh.update(monitors.values(), { isOfThisLife });
      // A map of the past lacks monitors that whoever loses this disk needs.
      if (isOfThisLife) this.#options.onMonitors?.([...monitors.values()]);
    }
    this.#book.prune(this.state.map);
    this.#noteRemoval();
    this.#subscriptions.changed();
    this.#leading.office?.failures.mapChanged(this.#runtime.clock.now());
  }

  /** Its number was given out and nobody has it any more. Of its own past, from before it joined, the number is not known. */
  #noteRemoval(): void {
    const { map } = this.state;
    const { self } = this.#consensus;
    if (this.#isRemoved || map.memberLast < self) return;
    for (const { member } of map.monitors.values()) if (member === self) return;
    this.#isRemoved = true;
    const { name, directory, onRemoved } = this.#options;
    this.#runtime.log.warn({ member: self }, 'the cluster removed this monitor; its directory can be removed');
    supervise(
      this.#runtime,
      'remembering the removal',
      markRemoved(this.#runtime, directory, name).then(() => onRemoved?.()),
    );
  }

  #onStatus(status: Consensus['status']): void {
    this.#leading.onStatus(status);
    this.#gate.open();
  }

  #beat(): void {
    const now = this.#runtime.clock.now();
    const next = monotonicMs(now + beatMs);
    this.#loopDelay.fired(now, next);
    this.#leading.beat(now);
    if (this.#beats % vitalsBeats === 0) this.#tellVitals(now);
    this.#beats += 1;
    this.#timer = this.#runtime.clock.after(beatMs, () => this.#beat());
  }

  /** To the leader, or into the own book when this is it. Lost reports do not matter: the next one is due in a second. */
  #tellVitals(now: MonotonicMs): void {
    this.#vitals(now).catch((error: unknown) => {
      this.#runtime.log.debug({ err: error }, 'vitals were not reported');
    });
    this.#storeSize.measure(now).catch((error: unknown) => {
      this.#runtime.log.debug({ err: error }, 'the size of the store was not found out');
    });
  }

  async #vitals(now: MonotonicMs): Promise<void> {
    const { name, directory, version } = this.#options;
    const { freeBytes, totalBytes } = await this.#runtime.disk.space(directory);
    const report = {
      name,
      clock: this.#runtime.clock.wall(),
      diskFreeBytes: freeBytes,
      diskTotalBytes: totalBytes,
      storeBytes: this.#storeSize.bytes,
      loopDelayMs: this.#loopDelay.worstMs,
      version,
    };
    const wall = this.#runtime.clock.wall();
    if (this.#leading.office !== undefined) this.#book.noteMonitor(report, { at: now, wall }, 0);
    const deadline = monotonicMs(now + vitalsMs);
    await this.#leader()?.call(vitalsMethod, report, { deadline });
  }

  /** The connection to another monitor that leads. */
  #leader(): Peer | undefined {
    const { leader } = this.#consensus.status;
    if (leader === undefined || leader === this.#consensus.self) return undefined;
    for (const { name, member } of this.state.map.monitors.values()) {
      if (member === leader) return this.#mesh.peer(name);
    }
    return undefined;
  }

  #soft(): SoftState {
    const { name } = this.#options;
    const soft = this.#book.state(this.state.map, this.#consensus.status, name, this.#runtime.clock.now());
    const { office } = this.#leading;
    if (!soft.hasQuorum) return { ...soft, hearing: this.#hearing() };
    return office === undefined ? soft : { ...soft, quorumSince: office.since };
  }

  #hearing(): Hearing {
    const { name: by } = this.#options;
    const others = [...this.state.map.monitors.keys()].filter((name) => name !== by).sort();
    return {
      by,
      heard: others.filter((name) => this.#mesh.hears(name)),
      silent: others.filter((name) => !this.#mesh.hears(name)),
    };
  }

  #wall() {
    return this.#leading.office?.lead.wall() ?? this.state.wall;
  }

  #staleContext(entity: Entity): CommandContext {
    const { random, clock } = this.#runtime;
    return {
      state: this.state.view(),
      entity,
      wall: this.state.wall,
      random: (count) => random.bytes(count),
      yieldTurn: () => clock.yieldTurn(),
      soft: this.#soft(),
    };
  }
}

/** Nobody asks: what is looked at needs no leave. */
const observer: Entity = { name: 'metrics', caps: new Map() };

function mayRead({ entities }: ClusterMap, peer: Peer): boolean {
  const entity = entities.get(peer.name);
  return entity !== undefined && mayRun(entity, { service: 'mon', access: 'r' });
}

/** It is among those that the file lists, and asking itself leads nowhere. */
function withoutSelf({ credentials, address }: MonitorOptions): Credentials {
  const own = printAddress(address);
  return { ...credentials, monitors: credentials.monitors.filter((other) => printAddress(other) !== own) };
}

interface OpenedParts {
  readonly machine: MonitorMachine;
  readonly mesh: Mesh;
  readonly handlers: HandlerTable;
  readonly consensus: Consensus;
}
