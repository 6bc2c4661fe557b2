/**
 * The OSD daemon: one disk's store, the PGs on it, and everybody who talks to them. This file puts the parts together.
 *
 *     clients, OSDs ──► listeners ──► PgService ──► Store
 *                                       ▲   │ calls other OSDs
 *           MonitorSession ──► maps ────┘   └──► Mesh
 *
 *     registering ──► waiting ──(a map as new as the registration)──► serving ──(marked down)──► leaving ──► registering
 *
 * A registration makes the cluster take all promises of this OSD's life before for ended. So between a `PgService` and the
 * next registration always stands its `close()`: whatever it promised, it has given up by then.
 */
import { CairnError, isCairnError } from '../../base/errors.js';
import type { MetricsRegistry } from '../../base/metrics/registry.js';
import { type MonotonicMs, monotonicMs } from '../../base/instants.js';
import { epoch, type OsdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { NodeAddress } from '../../cluster/osd.js';
import { osdGoodbye } from '../../protocol/commands/osd.js';
import type { Credentials } from '../../protocol/credentials.js';
import { beaconIntervalMs } from '../../protocol/heartbeat-times.js';
import type { FailureReport } from '../../protocol/monitor-methods.js';
import { MonitorSession } from '../../protocol/monitor-session.js';
import type { Timer } from '../../runtime/clock.js';
import { LoopDelay } from '../../runtime/loop-delay.js';
import type { TlsOptions } from '../../runtime/network.js';
import type { Runtime } from '../../runtime/runtime.js';
import { supervise } from '../../runtime/supervise.js';
import { Backoff } from '../../wire/backoff.js';
import { HandlerTable } from '../../wire/handlers.js';
import { serviceKeyOf } from '../../wire/service-key.js';
import { parkedBeacon } from '../pg/parked/parked-beacon.js';
import { PgService, type SelfIdentity } from '../pg/pg-service.js';
import { membershipOf } from '../store/format/superblock.js';
import type { StoreOptions } from '../store/store-options.js';
import type { Store } from '../store/store.js';
import type { ClassClock } from '../classes/object-class.js';
import { openDisk, osdOf } from './disk.js';
import { heartbeatMethod } from './heartbeat-method.js';
import { Heartbeats } from './heartbeats.js';
import { Listeners } from './listeners.js';
import { Mesh } from './mesh.js';
import { osdMetrics } from './metrics.js';
import { PgReporter } from './pg-reporter.js';
import { PoolRecoveryRates, RecoveryRate } from './recovery-rate.js';
import { Registrar } from './registrar.js';
import { ServiceKeys } from './service-keys.js';
import { SignsOfLife } from './signs-of-life.js';
import { type Standing, standingOf } from './standing.js';
import { keepStoreNumber } from './store-number.js';
import { noPgs, type OsdStatus } from './status.js';

export interface OsdOptions {
  /** Made by `cairn osd mkfs`. */
  readonly directory: string;
  /** Of `osd.N`. */
  readonly credentials: Credentials;
  /** For clients. Port 0: any. */
  readonly publicAddress: NodeAddress;
  /** For other OSDs; may be the public one. */
  readonly clusterAddress: NodeAddress;
  readonly hostname: string;
  /** Of the program. */
  readonly version: string;
  readonly tls?: TlsOptions | undefined;
  /** `type=name` words: where a new OSD stands in CRUSH. Default: in a host called as the machine. */
  readonly location?: readonly string[] | undefined;
  readonly deviceClass?: string | undefined;
  readonly store?: StoreOptions | undefined;
  /**
   * It stopped by itself, in good order, and will not work again as it is: the cluster removed it or refuses its disk.
   * Default: `runtime.fatal`.
   */
  readonly onEnded?: ((error: CairnError) => void) | undefined;
}

type State =
  | { readonly kind: 'registering' }
  | { readonly kind: 'waiting'; readonly self: SelfIdentity }
  | { readonly kind: 'serving'; readonly self: SelfIdentity; readonly service: PgService }
  | { readonly kind: 'leaving' }
  | { readonly kind: 'over' };

/** How finely delays of this process's event loop are seen. */
const beatMs = 100;
/** For others to take over what this OSD leads; whatever is left then is given up as it is. */
const handOverMs = 2_000;
/** For the monitors to hear that it stops; without them it stops as well. */
const goodbyeMs = 3_000;
/** One that is marked down sooner than that after its registration flaps: it waits before it comes back. */
const flapMs = 60_000;
const returnMsMin = 1_000;
const returnMsMax = 60_000;

export class Osd {
  readonly id: OsdId;
  readonly #runtime: Runtime;
  readonly #options: OsdOptions;
  readonly #store: Store;
  readonly #session: MonitorSession;
  readonly #signs: SignsOfLife;
  readonly #handlers = new HandlerTable();
  readonly #keys: ServiceKeys;
  readonly #mesh: Mesh;
  readonly #heartbeats: Heartbeats;
  readonly #loopDelay = new LoopDelay();
  readonly #recoveryRate = new RecoveryRate();
  readonly #poolRates = new PoolRecoveryRates();
  readonly #reporter: PgReporter;
  readonly #returns: Backoff;
  readonly #stop = new AbortController();
  #listeners: Listeners | undefined;
  #state: State = { kind: 'registering' };
  #map: ClusterMap | undefined;
  /** What the newest map says ends this life: set while somebody waits for it. */
  #onLeave: ((standing: Standing) => void) | undefined;
  #following: Promise<void> = Promise.resolve();
  #living: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #beats = 0;
  #isIsolated = false;
  #registrations = 0;
  readonly #startedAt: MonotonicMs;
  #closing: Promise<void> | undefined;
  /** For /metrics. */
  readonly metrics: MetricsRegistry;

  private constructor(runtime: Runtime, options: OsdOptions, store: Store) {
    const { credentials, tls } = options;
    this.id = osdOf(credentials);
    this.#runtime = runtime;
    this.#options = options;
    this.#store = store;
    this.#startedAt = runtime.clock.now();
    this.#session = new MonitorSession(runtime, { credentials, role: 'osd', tls });
    this.#signs = new SignsOfLife(runtime, { credentials, role: 'osd', tls }, (lead) => this.#reporter.onLead(lead));
    this.#reporter = new PgReporter((pgs) => this.#signs.pgs({ osd: this.id, pgs }));
    this.#returns = new Backoff(runtime.random, { minMs: returnMsMin, maxMs: returnMsMax });
    PgService.register(this.#handlers, () => (this.#state.kind === 'serving' ? this.#state.service : undefined));
    this.#keys = new ServiceKeys(runtime, this.#session);
    const { fsid } = credentials;
    const key = serviceKeyOf(credentials.key, 'osd');
    this.#mesh = new Mesh(
      runtime,
      { osd: this.id, fsid, key, tls, onConnected: (osd) => this.#onPeerConnected(osd) },
      this.#handlers,
    );
    this.#handlers.on(heartbeatMethod, () => ({ header: { boot: store.boot } }));
    this.#heartbeats = new Heartbeats(runtime, {
      osd: this.id,
      fsid,
      key,
      tls,
      report: (report) => this.#report(report),
    });
    this.metrics = osdMetrics({
      status: () => this.status,
      space: () => store.space(),
      payloadCache: () => store.payloadCache(),
      heartbeatPeers: () => this.#heartbeats.peerCount,
      heartbeatPeersSilent: () => this.#heartbeats.silentCount,
      peersConnected: () => this.#mesh.connected.length,
      registrations: () => this.#registrations,
      monitorSilentMs: () => this.#monitorSilentMs(),
    });
  }

  /**
   * Resolves when the store is open and it listens; it registers and serves by itself from there (`status`, `onEnded`).
   * Errors: those of `openDisk` and of the network, `CANCELLED`.
   */
  static async start(runtime: Runtime, options: OsdOptions, signal?: AbortSignal): Promise<Osd> {
    const { directory, credentials, store: storeOptions } = options;
    const store = await openDisk(runtime, { directory, credentials, store: storeOptions });
    const osd = new Osd(runtime, options, store);
    try {
      if (signal?.aborted === true) throw new CairnError('CANCELLED', 'asked to stop while starting');
      await osd.#begin();
    } catch (error) {
      await osd.close();
      throw error;
    }
    return osd;
  }

  get status(): OsdStatus {
    const state = this.#state;
    return {
      osd: this.id,
      state: state.kind,
      self: state.kind === 'waiting' || state.kind === 'serving' ? state.self : undefined,
      epoch: this.#map?.epoch ?? epoch(0),
      pgs: state.kind === 'serving' ? state.service.status : noPgs,
      parked: state.kind === 'serving' ? (state.service.parked() ?? []) : [],
      loopDelayMs: this.#loopDelay.worstMs,
      heartbeatPeers: this.#heartbeats.peerCount,
    };
  }

  /** While it serves. For tests. */
  get service(): PgService | undefined {
    return this.#state.kind === 'serving' ? this.#state.service : undefined;
  }

  /** Where it listens. */
  get addresses(): { readonly publicAddress: NodeAddress; readonly clusterAddress: NodeAddress } {
    const { publicAddress, clusterAddress } = this.#listeners ?? this.#options;
    return { publicAddress, clusterAddress };
  }

  /** Hands over what it leads, gives up all roles, says goodbye to the monitors, closes the store. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #begin(): Promise<void> {
    const { publicAddress, clusterAddress, credentials, tls } = this.#options;
    const identity = { name: credentials.name, role: 'osd', fsid: credentials.fsid };
    this.#listeners = await Listeners.listen(
      this.#runtime,
      { publicAddress, clusterAddress, identity, tls },
      { handlers: this.#handlers, keys: this.#keys },
    );
    this.#following = this.#follow().catch((error: unknown) => this.#onFailed(error));
    this.#living = this.#live().catch((error: unknown) => this.#onFailed(error));
    this.#beat();
  }

  async #follow(): Promise<void> {
    for await (const map of this.#session.followMap({ signal: this.#stop.signal })) this.#take(map);
  }

  #take(map: ClusterMap): void {
    this.#map = map;
    this.#signs.onMap(map);
    this.#keys.onMap(map);
    this.#listeners?.onMap(map);
    this.#mesh.onMap(map);
    this.#heartbeats.onMap(map);
    this.#judge();
  }

  /** One registration after the other. */
  async #live(): Promise<void> {
    const { directory, hostname, version, location, deviceClass } = this.#options;
    const options = { osd: this.id, directory, ...this.addresses, hostname, version, location, deviceClass };
    const registrar = new Registrar(this.#runtime, options, this.#store, this.#session);
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#state = { kind: 'registering' };
      const self = await registrar.register(signal);
      this.#registrations += 1;
      const since = this.#runtime.clock.now();
      await this.#checkNumber(self);
      this.#state = { kind: 'waiting', self };
      const standing = await this.#untilLeave();
      await this.#leave(self);
      if (standing.kind === 'over') throw standing.error;
      if (!signal.aborted) await this.#rest(since);
    }
  }

  /** Whether what is in the store is of the member that it counts as. */
  async #checkNumber(self: SelfIdentity): Promise<void> {
    const { uuid } = membershipOf(this.#store.superblock);
    try {
      await keepStoreNumber(this.#runtime, this.#options.directory, { uuid, self });
    } catch (error) {
      if (isCairnError(error, 'CONFLICT')) await this.#goodbye(self.boot);
      throw error;
    }
  }

  /** Until the map, or whoever stops this daemon, ends this life. */
  #untilLeave(): Promise<Standing> {
    return new Promise((resolve) => {
      this.#onLeave = resolve;
      const { signal } = this.#stop;
      signal.addEventListener('abort', () => resolve({ kind: 'down' }), { once: true });
      if (signal.aborted) resolve({ kind: 'down' });
      this.#judge();
    });
  }

  /** What the newest map makes of this life. */
  #judge(): void {
    const map = this.#map;
    const state = this.#state;
    if (map === undefined || (state.kind !== 'waiting' && state.kind !== 'serving')) return;
    const standing = standingOf(map, state.self);
    switch (standing.kind) {
      case 'behind':
        return;
      case 'up':
        this.#serve(map, state);
        return;
      case 'down':
      case 'over':
        this.#onLeave?.(standing);
    }
  }

  /** waiting -> serving */
  #serve(map: ClusterMap, state: Extract<State, { readonly self: SelfIdentity }>): void {
    if (state.kind === 'serving') {
      state.service.onMap(map);
      return;
    }
    const { self } = state;
    const wall: ClassClock['wall'] = () => this.#signs.wall.at(this.#runtime.clock.now());
    const parts = { self, store: this.#store, peers: this.#mesh, monitors: this.#session, wall };
    const service = new PgService(this.#runtime, parts);
    this.#state = { kind: 'serving', self, service };
    service.onMap(map);
    for (const osd of this.#mesh.connected) service.onPeerConnected(osd);
  }

  /** waiting, serving -> leaving */
  async #leave({ boot }: SelfIdentity): Promise<void> {
    const state = this.#state;
    this.#state = { kind: 'leaving' };
    if (state.kind === 'serving') await state.service.close();
    if (this.#stop.signal.aborted) {
      await this.#goodbye(boot);
      return;
    }
    this.#runtime.log.warn({ boot, epoch: this.#map?.epoch }, 'the cluster counts this OSD as down');
  }

  /** One that goes down again and again makes the cluster work: it comes back more slowly each time. */
  async #rest(since: MonotonicMs): Promise<void> {
    const { clock } = this.#runtime;
    if (clock.now() - since >= flapMs) this.#returns.reset();
    const pauseMs = Math.ceil(this.#returns.nextMs());
    if (pauseMs > 0)
      this.#runtime.log.warn({ pauseMs }, 'marked down again soon after it came up; waiting before it returns');
    await clock.sleep(pauseMs, this.#stop.signal);
  }

  /** Nothing was promised any more, to anybody or by anybody, when this is called: that is what it tells everybody. */
  async #goodbye(boot: number): Promise<void> {
    const deadline = monotonicMs(this.#runtime.clock.now() + goodbyeMs);
    try {
      const next = await this.#store.raiseBoot();
      await this.#session.change(osdGoodbye, { osd: this.id, boot, next }, { deadline });
    } catch (error) {
      if (!isCairnError(error)) throw error;
      this.#runtime.log.warn({ err: error }, 'the monitors did not hear the goodbye; they will notice');
    }
  }

  #onPeerConnected(osd: OsdId): void {
    if (this.#state.kind === 'serving') this.#state.service.onPeerConnected(osd);
  }

  #beat(): void {
    const now = this.#runtime.clock.now();
    this.#loopDelay.fired(now, monotonicMs(now + beatMs));
    this.#heartbeats.tick(now);
    if ((this.#beats * beatMs) % beaconIntervalMs === 0) {
      this.#beacon();
      this.#noteIsolation();
    }
    this.#beats += 1;
    this.#timer = this.#runtime.clock.after(beatMs, () => this.#beat());
  }

  #beacon(): void {
    if (this.#state.kind !== 'serving') return;
    const { self, service } = this.#state;
    const { usableBytes, liveBytes } = this.#store.space();
    const now = this.#runtime.clock.now();
    const { slowOps, joins, recovered, recoveredOfPools, lag } = service.status;
    const parked = service.parked();
    const beacon = {
      osd: self.osd,
      boot: self.boot,
      epoch: this.#map?.epoch ?? 0,
      usedBytes: liveBytes,
      totalBytes: usableBytes,
      loopDelayMs: this.#loopDelay.worstMs,
      slowOps,
      recovery: this.#recoveryRate.look(now, recovered, joins > 0),
      recoveryOfPools: this.#poolRates.look(now, recoveredOfPools, joins > 0),
      lagging: lag.waiting,
      parked: parked === undefined ? undefined : parkedBeacon(parked),
    };
    supervise(this.#runtime, 'a beacon', this.#signs.beacon(beacon));
    supervise(this.#runtime, 'a report of PGs', this.#reporter.round(now, service.reports()));
  }

  #report(report: FailureReport): boolean {
    if (this.#state.kind !== 'serving') return false;
    supervise(this.#runtime, 'a report', this.#signs.report(report));
    return true;
  }

  #monitorSilentMs(): number {
    return this.#runtime.clock.now() - (this.#signs.heardAt ?? this.#startedAt);
  }

  /**
   * Cut off from everybody. There is nothing to do about it: the leases lapse by themselves, and the others mark it down. Who
   * looks for the reason finds it in the log.
   */
  #noteIsolation(): void {
    const { peerCount, silentCount, graceMs } = this.#heartbeats;
    const isIsolated = this.#monitorSilentMs() >= graceMs && peerCount > 0 && 2 * silentCount > peerCount;
    if (isIsolated === this.#isIsolated) return;
    this.#isIsolated = isIsolated;
    const facts = { peers: peerCount, silent: silentCount };
    if (isIsolated) this.#runtime.log.warn(facts, 'neither monitors nor most other OSDs answer: is the network down?');
    else this.#runtime.log.info(facts, 'monitors or other OSDs answer again');
  }

  /** Of the loops that make this daemon: an expected error ends it in good order, a bug at once. */
  #onFailed(error: unknown): void {
    if (this.#stop.signal.aborted && isCairnError(error)) return;
    if (!isCairnError(error)) {
      this.#runtime.fatal(error);
      return;
    }
    this.#runtime.log.error({ err: error }, 'this OSD stops');
    supervise(this.#runtime, 'stopping', this.#end(error));
  }

  async #end(error: CairnError): Promise<void> {
    await this.close();
    const { onEnded } = this.#options;
    if (onEnded === undefined) this.#runtime.fatal(error);
    else onEnded(error);
  }

  async #close(): Promise<void> {
    if (this.#state.kind === 'serving') await this.#state.service.handOver(handOverMs);
    this.#stop.abort();
    this.#timer?.cancel();
    await this.#living;
    this.#state = { kind: 'over' };
    await Promise.all([this.#listeners?.close(), this.#mesh.close(), this.#heartbeats.close(), this.#signs.close()]);
    await this.#session.close();
    await this.#following;
    await this.#store.close();
  }
}
