/**
 * Heartbeats: connections of their own to the OSDs of `heartbeat-peers.ts`, an answer asked for twice a second, and reports
 * to the monitors about those that refuse or fall silent.
 */
import { type CairnError, isCairnError } from '../../base/errors.js';
import { type MonotonicMs, monotonicMs } from '../../base/instants.js';
import { effectiveConfig } from '../../cluster/config.js';
import type { OsdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { NodeAddress, OsdInfo } from '../../cluster/osd.js';
import { Topology } from '../../cluster/topology.js';
import type { CrushMap } from '../../crush/types.js';
import type { FailureReport } from '../../protocol/monitor-methods.js';
import type { TlsOptions } from '../../runtime/network.js';
import type { Runtime } from '../../runtime/runtime.js';
import { Slices } from '../../runtime/slices.js';
import { supervise } from '../../runtime/supervise.js';
import { Dialer } from '../../wire/dialer.js';
import { heartbeatMethod } from './heartbeat-method.js';
import { chooseHeartbeatPeers, partnersSteps } from './heartbeat-peers.js';
import { type Said, Suspicion } from './suspicion.js';

export interface HeartbeatsOptions {
  readonly osd: OsdId;
  readonly fsid: string;
  readonly key: Uint8Array | undefined;
  readonly tls: TlsOptions | undefined;
  /** To the monitors. False when this OSD is nobody's witness now: it is not up itself. */
  readonly report: (report: FailureReport) => boolean;
}

/** A refused connection is found within this time. */
const backoffMsMax = 500;
/** After so long an answer is given up, and the connection with it: it may be half open. */
const answerMs = 2_000;
/** Ticks come ten times a second: after such a gap it was this process that stood still. */
const pauseMs = 1_000;

interface Watched {
  readonly info: OsdInfo;
  readonly dialer: Dialer;
  readonly suspicion: Suspicion;
  isAsking: boolean;
  askAt: number;
}

export class Heartbeats {
  readonly #runtime: Runtime;
  readonly #options: HeartbeatsOptions;
  readonly #watched = new Map<OsdId, Watched>();
  readonly #closings = new Set<Promise<void>>();
  #newest: ClusterMap | undefined;
  #choosing: Promise<void> | undefined;
  #topology: { readonly crush: CrushMap; readonly topology: Topology } | undefined;
  #intervalMs = 500;
  #graceMs = 3_500;
  #tickedAt: MonotonicMs | undefined;
  #isClosed = false;

  constructor(runtime: Runtime, options: HeartbeatsOptions) {
    this.#runtime = runtime;
    this.#options = options;
  }

  get peerCount(): number {
    return this.#watched.size;
  }

  /** OSDs that were not heard for the grace. */
  get silentCount(): number {
    const now = this.#runtime.clock.now();
    return [...this.#watched.values()].filter(({ suspicion }) => suspicion.silentMs(now) >= this.#graceMs).length;
  }

  get graceMs(): number {
    return this.#graceMs;
  }

  onMap(map: ClusterMap): void {
    if (this.#isClosed) return;
    const { values } = effectiveConfig(map, `osd.${this.#options.osd}`);
    this.#intervalMs = values.osd_heartbeat_interval;
    this.#graceMs = Math.max(values.osd_heartbeat_grace, this.#intervalMs);
    this.#newest = map;
    for (const watched of this.#watched.values()) {
      const now = map.osds.get(watched.info.id);
      if (now === undefined || !isSameLife(watched.info, now)) this.#drop(watched);
    }
    if (this.#choosing !== undefined) return;
    this.#choosing = this.#choose().finally(() => {
      this.#choosing = undefined;
    });
    supervise(this.#runtime, 'choosing whom to heartbeat', this.#choosing);
  }

  /** Called some ten times a second. */
  tick(now: MonotonicMs): void {
    const stoodStill = this.#tickedAt !== undefined && now - this.#tickedAt >= pauseMs;
    this.#tickedAt = now;
    for (const watched of this.#watched.values()) {
      const { suspicion } = watched;
      if (stoodStill) suspicion.forgive(now);
      this.#tell(watched, suspicion.tick(now, this.#graceMs));
      if (watched.isAsking || now < watched.askAt) continue;
      watched.askAt = now + this.#intervalMs;
      supervise(this.#runtime, 'a heartbeat', this.#ask(watched));
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const watched of this.#watched.values()) this.#drop(watched);
    await this.#choosing;
    await Promise.all(this.#closings);
  }

  /** By the newest map, and again if another came meanwhile. */
  async #choose(): Promise<void> {
    for (let map = this.#newest; map !== undefined; map = this.#newest === map ? undefined : this.#newest) {
      const partners = await new Slices(this.#runtime.clock).run(partnersSteps(map, this.#options.osd));
      if (this.#isClosed) return;
      if (map === this.#newest) this.#watch(map, partners);
    }
  }

  #watch(map: ClusterMap, partners: ReadonlySet<OsdId>): void {
    const { osd: self } = this.#options;
    const domainLevel = effectiveConfig(map, 'mon').values.mon_osd_reporter_subtree_level;
    const choice = { self, partners, topology: this.#topologyOf(map.crush), domainLevel };
    const chosen = new Map(chooseHeartbeatPeers(map, choice).map((info) => [info.id, info]));
    for (const watched of this.#watched.values()) if (!chosen.has(watched.info.id)) this.#drop(watched);
    for (const info of chosen.values()) {
      if (info.clusterAddress !== undefined && !this.#watched.has(info.id)) this.#add(info, info.clusterAddress);
    }
  }

  #topologyOf(crush: CrushMap): Topology {
    if (this.#topology?.crush !== crush) this.#topology = { crush, topology: new Topology(crush) };
    return this.#topology.topology;
  }

  #add(info: OsdInfo, address: NodeAddress): void {
    const { osd, fsid, key, tls } = this.#options;
    const { clock, random } = this.#runtime;
    const identity = { name: `osd.${osd}`, role: 'osd', fsid };
    const now = clock.now();
    const watched: Watched = {
      info,
      dialer: new Dialer(
        this.#runtime,
        { address, identity, tls, expectedName: `osd.${info.id}`, backoffMsMax },
        { key, onFailed: (error) => this.#onFailed(watched, error) },
      ),
      suspicion: new Suspicion(now),
      isAsking: false,
      // Not all at once.
      askAt: now + random.below(this.#intervalMs),
    };
    this.#watched.set(info.id, watched);
  }

  #drop({ info, dialer }: Watched): void {
    this.#watched.delete(info.id);
    const closing = dialer.close().finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
  }

  #onFailed(watched: Watched, error: CairnError): void {
    if (error.code !== 'CONNECTION_REFUSED' || this.#watched.get(watched.info.id) !== watched) return;
    this.#tell(watched, watched.suspicion.refused(this.#runtime.clock.now()));
  }

  async #ask(watched: Watched): Promise<void> {
    const { dialer, suspicion, info } = watched;
    watched.isAsking = true;
    try {
      const deadline = monotonicMs(this.#runtime.clock.now() + answerMs);
      const { header } = await dialer.call(heartbeatMethod, {}, { deadline, whenDown: 'fail' });
      const now = this.#runtime.clock.now();
      const isOfLaterLife = typeof header.boot === 'number' && header.boot > info.boot;
      this.#tell(watched, isOfLaterLife ? suspicion.laterLife(now) : suspicion.heard(now));
    } catch (error) {
      if (!isCairnError(error)) throw error;
      if (error.code === 'DEADLINE_EXCEEDED') dialer.reconnect();
    } finally {
      watched.isAsking = false;
    }
  }

  #tell({ info }: Watched, said: Said | undefined): void {
    if (said === undefined || this.#watched.get(info.id)?.info !== info) return;
    const { kind, silentMs } = said;
    const { osd: reporter } = this.#options;
    const facts = { reporter, target: info.id, targetUpFrom: info.upFrom, kind, silentMs, peerCount: this.peerCount };
    const isTold = this.#options.report(facts);
    if (isTold && kind !== 'heard') this.#runtime.log.info({ osd: info.id, kind, silentMs }, 'reported another OSD');
  }
}

function isSameLife(watched: OsdInfo, now: OsdInfo): boolean {
  const [before, after] = [watched.clusterAddress, now.clusterAddress];
  return now.isUp && now.upFrom === watched.upFrom && after?.host === before?.host && after?.port === before?.port;
}
