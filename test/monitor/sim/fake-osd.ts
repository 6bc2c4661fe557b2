/**
 * An OSD as far as the monitors can tell: it registers, beacons, heartbeats its peers over connections of its own, reports
 * those that refuse or fall silent, says goodbye. It stores nothing.
 */
import assert from 'node:assert/strict';
import { type CairnError, isCairnError } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';
import { type OsdId, osdId } from '../../../cluster/ids.js';
import type { ClusterMap } from '../../../cluster/map.js';
import type { OsdInfo } from '../../../cluster/osd.js';
import { defaultFailureSettings } from '../../../monitor/failure/settings.js';
import { heartbeatIntervalMs, reportIntervalMs } from '../../../protocol/heartbeat-times.js';
import { authAdd } from '../../../protocol/commands/auth.js';
import { osdGoodbye, osdRegister } from '../../../protocol/commands/osd.js';
import type { Credentials } from '../../../protocol/credentials.js';
import { MonitorHunt } from '../../../protocol/monitor-hunt.js';
import { beaconMethod, failureMethod, type FailureReport } from '../../../protocol/monitor-methods.js';
import { MonitorSession } from '../../../protocol/monitor-session.js';
import type { Runtime } from '../../../runtime/runtime.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import type { SimProcess } from '../../../runtime/sim/process.js';
import { Dialer } from '../../../wire/dialer.js';
import { HandlerTable } from '../../../wire/handlers.js';
import { WireListener } from '../../../wire/listener.js';
import { defineMethod } from '../../../wire/method.js';
import type { Client, MonitorCluster } from './monitor-cluster.js';

const pingMethod = defineMethod<Record<string, never>, Record<string, never>>('test.ping');
const beaconMs = 1_000;
/** Twice as often as the interval of heartbeats, so that a refused connection is seen at once. */
const beatMs = heartbeatIntervalMs / 2;
const callMs = 3_000;
const capacityBytes = 2 ** 40;

/** The cluster's time as all OSDs together were told it. */
export class WallWitness {
  #newest = 0;
  answers = 0;

  /** Called before asking; what it returns, with the answer. */
  begin(): (wall: number) => void {
    const before = this.#newest;
    return (wall) => {
      assert.ok(wall >= before, `the cluster's time went back from ${before} to ${wall}`);
      this.#newest = Math.max(this.#newest, wall);
      this.answers += 1;
    };
  }
}

interface Peer {
  readonly info: OsdInfo;
  readonly dialer: Dialer;
  heardAt: number;
  isAsking: boolean;
  reportedAt: number | undefined;
}

export class FakeOsd {
  readonly id: OsdId;
  readonly machine: Machine;
  readonly #credentials: Credentials;
  readonly #wall: WallWitness;
  readonly #uuid: string;
  process: SimProcess | undefined;
  /** Durable, as its store keeps it. */
  #boot = 0;
  #life: Life | undefined;

  private constructor(id: OsdId, machine: Machine, credentials: Credentials, wall: WallWitness) {
    this.id = id;
    this.machine = machine;
    this.#credentials = credentials;
    this.#wall = wall;
    this.#uuid = id.toString(16).padStart(32, '0');
  }

  /** With a key of its own, on the machine `host`. Not started. */
  static async make(
    cluster: MonitorCluster,
    admin: Client,
    options: { readonly id: number; readonly host: string; readonly wall: WallWitness },
  ): Promise<FakeOsd> {
    const name = `osd.${options.id}`;
    const { fsid, key } = await admin.session.change(
      authAdd,
      { name, caps: [['mon', 'profile osd']] },
      admin.within(10_000),
    );
    const credentials = { fsid, key, name, monitors: cluster.admin.monitors };
    return new FakeOsd(osdId(options.id), cluster.world.machine(options.host), credentials, options.wall);
  }

  start(): void {
    this.process = this.machine.start(`osd.${this.id}`, async (runtime) => {
      const life = new Life(runtime, {
        id: this.id,
        credentials: this.#credentials,
        wall: this.#wall,
        uuid: this.#uuid,
        host: this.machine,
        nextBoot: () => {
          this.#boot += 1;
          return this.#boot;
        },
      });
      this.#life = life;
      await life.run();
    });
  }

  async goodbye(): Promise<void> {
    await this.#life?.goodbye(this.#boot);
    this.process?.kill();
  }

  /** Says of another what may not be true. */
  accuse(target: FakeOsd, kind: 'refused' | 'silent'): Promise<void> {
    assert.ok(this.#life !== undefined, 'it runs');
    return this.#life.accuse(target.id, kind);
  }
}

interface LifeOptions {
  readonly id: OsdId;
  readonly credentials: Credentials;
  readonly wall: WallWitness;
  readonly uuid: string;
  readonly host: Machine;
  readonly nextBoot: () => number;
}

/** From one start of its process to the end. */
class Life {
  readonly #runtime: Runtime;
  readonly #options: LifeOptions;
  readonly #session: MonitorSession;
  readonly #hunt: MonitorHunt;
  readonly #peers = new Map<OsdId, Peer>();
  #map: ClusterMap | undefined;
  #boot = 0;
  #registeredAt = 0;
  #isRegistering = false;

  constructor(runtime: Runtime, options: LifeOptions) {
    const { credentials } = options;
    this.#runtime = runtime;
    this.#options = options;
    this.#session = new MonitorSession(runtime, { credentials, role: 'osd' });
    this.#hunt = new MonitorHunt(runtime, { credentials, role: 'osd' }, new HandlerTable(), () => {});
  }

  async run(): Promise<void> {
    const { host, id, credentials } = this.#options;
    const handlers = new HandlerTable().on(pingMethod, () => ({ header: {} }));
    const identity = { name: `osd.${id}`, role: 'osd', fsid: credentials.fsid };
    await WireListener.listen(
      this.#runtime,
      { address: { host: host.host, port: 6_800 + id }, identity },
      { handlers },
    );
    await this.#register();
    this.#every(beaconMs, () => this.#beacon());
    this.#every(beatMs, async () => this.#heartbeat());
    for await (const map of this.#session.followMap({ signal: new AbortController().signal })) this.#take(map);
  }

  async goodbye(boot: number): Promise<void> {
    await this.#session.change(osdGoodbye, { osd: this.#options.id, boot }, { deadline: this.#in(10_000) });
  }

  async accuse(target: OsdId, kind: 'refused' | 'silent'): Promise<void> {
    const info = this.#map?.osds.get(target);
    assert.ok(info !== undefined, 'it knows whom it accuses');
    await this.#report(info, kind, 5_000);
  }

  /** Again and again until it is in the map: each attempt takes a boot counter of its own. */
  async #register(): Promise<void> {
    const { id, uuid, host, nextBoot } = this.#options;
    const address = { host: host.host, port: 6_800 + id };
    this.#isRegistering = true;
    for (;;) {
      const boot = nextBoot();
      const facts = { capacityBytes, hostname: host.name, version: 'simulated', features: 0 };
      const args = { osd: id, uuid, boot, publicAddress: address, clusterAddress: address, ...facts };
      try {
        const { epoch } = await this.#session.change(osdRegister, args, { deadline: this.#in(5_000) });
        this.#boot = boot;
        this.#registeredAt = epoch;
        this.#isRegistering = false;
        return;
      } catch (error) {
        if (!isCairnError(error) || error.code === 'INTERNAL' || error.code === 'INVALID_ARGUMENT') throw error;
        await this.#runtime.clock.sleep(200);
      }
    }
  }

  /** A beat that takes longer skips those in between. */
  #every(ms: number, act: () => Promise<void>): void {
    const beat = async (): Promise<void> => {
      for (;;) {
        const begun = this.#runtime.clock.now();
        await act();
        await this.#runtime.clock.sleep(Math.max(1, begun + ms - this.#runtime.clock.now()));
      }
    };
    beat().catch((error: unknown) => this.#runtime.fatal(error));
  }

  async #beacon(): Promise<void> {
    const told = this.#options.wall.begin();
    const header = {
      osd: this.#options.id,
      boot: this.#boot,
      epoch: this.#map?.epoch ?? 0,
      usedBytes: 0,
      totalBytes: capacityBytes,
      loopDelayMs: 0,
      slowOps: 0,
    };
    await this.#tell(async (peer, wait) => told((await peer.call(beaconMethod, header, wait)).header.wall));
  }

  /** To whatever monitor answers; to another next time if this one does not. */
  async #tell(
    say: (
      peer: Awaited<ReturnType<MonitorHunt['connected']>>,
      wait: { readonly deadline: ReturnType<typeof monotonicMs> },
    ) => Promise<unknown>,
  ): Promise<void> {
    const deadline = this.#in(callMs);
    try {
      const peer = await this.#hunt.connected({ deadline });
      await say(peer, { deadline }).catch((error: unknown) => {
        if (isCairnError(error)) this.#hunt.giveUp(peer);
        throw error;
      });
    } catch (error) {
      if (!isCairnError(error)) throw error;
    }
  }

  #take(map: ClusterMap): void {
    this.#map = map;
    const { id, host } = this.#options;
    const self = map.osds.get(id);
    if (self?.isUp === false && map.epoch > this.#registeredAt && !this.#isRegistering) {
      this.#register().catch((error: unknown) => this.#runtime.fatal(error));
    }
    for (const [other, { info, dialer }] of this.#peers) {
      const now = map.osds.get(other);
      if (now?.isUp === true && now.upFrom === info.upFrom) continue;
      this.#peers.delete(other);
      void dialer.close();
    }
    for (const info of map.osds.values()) {
      const address = info.clusterAddress;
      if (!info.isUp || address === undefined || address.host === host.host || this.#peers.has(info.id)) continue;
      const identity = { name: `osd.${id}`, role: 'osd', fsid: map.fsid };
      const dialer = new Dialer(this.#runtime, { address, identity, backoffMsMax: 500 }, {});
      const heardAt = this.#runtime.clock.now();
      this.#peers.set(info.id, { info, dialer, heardAt, isAsking: false, reportedAt: undefined });
    }
  }

  #heartbeat(): void {
    for (const peer of this.#peers.values()) {
      if (!peer.isAsking) this.#ask(peer).catch((error: unknown) => this.#runtime.fatal(error));
    }
  }

  async #ask(peer: Peer): Promise<void> {
    peer.isAsking = true;
    try {
      await peer.dialer.call(pingMethod, {}, { deadline: this.#in(heartbeatIntervalMs), whenDown: 'fail' });
      peer.heardAt = this.#runtime.clock.now();
      if (peer.reportedAt !== undefined) await this.#report(peer.info, 'heard', 0);
      peer.reportedAt = undefined;
    } catch (error) {
      if (!isCairnError(error)) throw error;
      await this.#suspect(peer, error);
    } finally {
      peer.isAsking = false;
    }
  }

  async #suspect(peer: Peer, error: CairnError): Promise<void> {
    const now = this.#runtime.clock.now();
    const silentMs = now - peer.heardAt;
    const isRefused = isCairnError(error.cause, 'CONNECTION_REFUSED');
    if (!isRefused && silentMs < defaultFailureSettings.silenceGraceMs) return;
    if (this.#peers.get(peer.info.id) !== peer) return;
    if (peer.reportedAt !== undefined && now - peer.reportedAt < reportIntervalMs) return;
    peer.reportedAt = now;
    await this.#report(peer.info, isRefused ? 'refused' : 'silent', isRefused ? 0 : silentMs);
  }

  async #report(target: OsdInfo, kind: FailureReport['kind'], silentMs: number): Promise<void> {
    const header = {
      reporter: this.#options.id,
      target: target.id,
      targetUpFrom: target.upFrom,
      kind,
      silentMs,
      peerCount: this.#peers.size,
    };
    await this.#tell((peer, wait) => peer.call(failureMethod, header, wait));
  }

  #in(ms: number): ReturnType<typeof monotonicMs> {
    return monotonicMs(this.#runtime.clock.now() + ms);
  }
}
