/** OSD daemons on machines of a simulated world, beside the monitors of a `MonitorCluster`. */
import assert from 'node:assert/strict';
import type { CairnError } from '../../../base/errors.js';
import { type OsdId, osdId } from '../../../cluster/ids.js';
import type { OsdInfo } from '../../../cluster/osd.js';
import { Osd, type OsdOptions } from '../../../osd/daemon/osd.js';
import { mkfs, type MkfsOptions } from '../../../osd/store/mkfs.js';
import { authAdd } from '../../../protocol/commands/auth.js';
import type { Credentials } from '../../../protocol/credentials.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import type { SimProcess } from '../../../runtime/sim/process.js';
import { World } from '../../../runtime/sim/world.js';
import { type Client, MonitorCluster } from '../../monitor/sim/monitor-cluster.js';

export const osdPort = 6_800;

/** One OSD: its disk, its settings, and its process while there is one. */
export class SimOsd {
  readonly id: OsdId;
  readonly machine: Machine;
  credentials: Credentials;
  process: SimProcess | undefined;
  /** While the process lives and has started. */
  daemon: Osd | undefined;
  /** Why it stopped by itself. */
  ended: CairnError | undefined;

  constructor(id: OsdId, machine: Machine, credentials: Credentials) {
    this.id = id;
    this.machine = machine;
    this.credentials = credentials;
  }

  /** With a key of its own and an empty store on the machine `host`; several may share one. Not started. */
  static async make(
    cluster: MonitorCluster,
    admin: Client,
    options: { readonly id: number; readonly host: string; readonly mkfs?: Partial<MkfsOptions> },
  ): Promise<SimOsd> {
    const name = `osd.${options.id}`;
    const { fsid, key } = await admin.session.change(
      authAdd,
      { name, caps: [['mon', 'profile osd']] },
      admin.within(10_000),
    );
    const credentials = { fsid, key, name, monitors: cluster.admin.monitors };
    const osd = new SimOsd(osdId(options.id), cluster.world.machine(options.host), credentials);
    await osd.mkfs({ fsid, ...options.mkfs });
    return osd;
  }

  get directory(): string {
    return `/osd.${this.id}`;
  }

  /** 16 MiB in segments of 1 MiB, unless told otherwise. What was there is gone. */
  async mkfs(options: Partial<MkfsOptions> = {}): Promise<void> {
    const { directory, id } = this;
    await this.machine.start('mkfs', async (runtime) => {
      await runtime.disk.removeTree(directory);
      await mkfs(runtime, directory, { osd: id, capacityBytes: 18 * 2 ** 20, segmentBytes: 2 ** 20, ...options });
    }).finished;
  }

  start(more: Partial<OsdOptions> = {}): SimProcess {
    assert.ok(this.process?.isAlive !== true, `osd.${this.id} does not run yet`);
    this.daemon = undefined;
    this.ended = undefined;
    const { machine, directory, credentials } = this;
    const address = { host: machine.host, port: osdPort + this.id };
    const process = machine.start(
      `osd.${this.id}`,
      async (runtime) => {
        const daemon = await Osd.start(runtime, {
          directory,
          credentials,
          publicAddress: address,
          clusterAddress: { ...address, port: address.port + 1_000 },
          hostname: machine.name,
          version: 'simulated',
          store: { prewrite: false },
          onEnded: (error) => {
            this.ended = error;
            process.kill();
          },
          ...more,
        });
        if (this.process === process) this.daemon = daemon;
      },
      { mayFail: true },
    );
    this.process = process;
    return process;
  }

  /** As SIGTERM does; nothing when it does not run. It may end by itself meanwhile: then no promise of it settles any more. */
  async stop(): Promise<void> {
    const { process, daemon } = this;
    if (process?.isAlive !== true) return;
    const before = process.onEnd;
    const ended = new Promise<void>((resolve) => {
      process.onEnd = () => {
        before?.();
        resolve();
      };
    });
    await Promise.race([daemon?.close(), ended]);
    process.kill();
  }

  /** As the newest map has it. */
  in(cluster: MonitorCluster): OsdInfo | undefined {
    return cluster.newestMap.osds.get(this.id);
  }

  isUp(cluster: MonitorCluster): boolean {
    return this.in(cluster)?.isUp === true;
  }

  isServing(): boolean {
    return this.process?.isAlive === true && this.daemon?.status.state === 'serving';
  }
}

export interface Scene {
  readonly world: World;
  readonly cluster: MonitorCluster;
  readonly admin: Client;
  readonly osds: readonly SimOsd[];
  /** The first of them. */
  readonly osd: SimOsd;
}

export interface SceneOptions {
  readonly seed: number;
  readonly osds: number;
  /** Default 1. */
  readonly monitors?: number;
  /** Default: each on a host of its own. */
  readonly hostOf?: (id: number) => string;
}

/** Runs `body` with monitors, and OSDs that all serve. */
export async function inCluster(options: SceneOptions, body: (scene: Scene) => Promise<void>): Promise<void> {
  const { seed, osds: count, monitors = 1, hostOf = (id) => `host-${id}` } = options;
  const world = new World({ seed });
  await world.main(async () => {
    const cluster = await MonitorCluster.found(world, { monitors });
    const admin = await cluster.client();
    const osds: SimOsd[] = [];
    for (let id = 0; id < count; id++) osds.push(await SimOsd.make(cluster, admin, { id, host: hostOf(id) }));
    for (const osd of osds) osd.start();
    await cluster.until('all OSDs serve', 30_000, () => osds.every((osd) => osd.isServing()));
    const [osd] = osds;
    assert.ok(osd !== undefined, 'there is an OSD');
    await body({ world, cluster, admin, osds, osd });
  });
}
