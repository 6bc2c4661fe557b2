/** The processes of `cairn dev`: made when there are none yet, started, watched, stopped. */
import { CairnError, isCairnError, toCairnError } from '../base/errors.js';
import { type MonotonicMs, monotonicMs } from '../base/instants.js';
import { initCluster } from '../monitor/daemon/boot.js';
import { type OsdId, osdId } from '../cluster/ids.js';
import type { NodeAddress } from '../cluster/osd.js';
import { printAddress } from '../protocol/address-text.js';
import { monAdd, monDump } from '../protocol/commands/mon.js';
import { osdDump } from '../protocol/commands/osd.js';
import type { Credentials } from '../protocol/credentials.js';
import type { MonitorClient } from '../protocol/monitor-client.js';
import type { ChildExit } from '../runtime/node/child.js';
import { isAlive, isAliveWith, pidIn, stopLeftOver } from '../runtime/node/left-over.js';
import { type PidFile, writePidFile } from '../runtime/node/pid-file.js';
import { keepFilesPrivate } from '../runtime/node/private-files.js';
import { untilSignal } from '../runtime/node/until-signal.js';
import type { Runtime } from '../runtime/runtime.js';
import { encodeClusterConf, readClusterConf } from './cluster-conf.js';
import { clusterFileName } from './connect.js';
import type { CliContext } from './context.js';
import { DevDaemon } from './dev-daemon.js';
import { DevDisks, setDefaultSize } from './dev-disks.js';
import { freeAddress } from './free-address.js';
import { encodeMonitorFile } from './monitor-settings.js';

export interface DevClusterOptions {
  readonly directory: string;
  readonly monitors: number;
  /** At least so many; those of an earlier run are started as well. */
  readonly osds: number;
  /** That new OSDs stand on in CRUSH, one after the other. */
  readonly hosts: number;
  /** Copies of new pools, decided when the cluster is made. */
  readonly size: number;
  /** Of new OSDs' stores. Default: 10 GiB each, less where the disk has less. */
  readonly osdBytes?: number | undefined;
  readonly respawn: boolean;
}

const host = '127.0.0.1';
/** A first start makes monitors one after the other, each a second or so. */
const readyMs = 120_000;
const pollMs = 50;
/** What the environment says of TLS is about another cluster: this one has no certificates, and stays on the loopback. */
const noTls = { CAIRN_TLS_CA: undefined, CAIRN_TLS_CERT: undefined, CAIRN_TLS_KEY: undefined };
/** Daemons of a run that was killed get so long to stop. */
const leftOverMs = 15_000;

export class DevCluster {
  readonly #context: CliContext;
  readonly #runtime: Runtime;
  readonly #options: DevClusterOptions;
  /** By name: `mon.a`, `osd.0`. */
  readonly #daemons = new Map<string, DevDaemon>();
  readonly #stop = new AbortController();
  /** Resolves when somebody asked for it and every process has ended. */
  readonly stopped: Promise<void>;
  #pidFile: PidFile | undefined;
  #addresses: readonly NodeAddress[] = [];
  #osds: readonly OsdId[] = [];
  #isNew = false;

  private constructor(context: CliContext, options: DevClusterOptions) {
    this.#context = context;
    this.#runtime = context.runtime('cli');
    this.#options = options;
    this.stopped = untilSignal().then(() => this.#close());
  }

  /** Resolves when every monitor is in quorum and every OSD up. Errors stop what was started; `CANCELLED` when asked to stop meanwhile. */
  static async start(context: CliContext, options: DevClusterOptions): Promise<DevCluster> {
    const cluster = new DevCluster(context, options);
    try {
      await cluster.#prepare();
      await cluster.#startMonitors();
      await cluster.#startOsds();
    } catch (error) {
      const wasAsked = cluster.#stop.signal.aborted;
      await cluster.#close();
      throw wasAsked ? interruption : error;
    }
    return cluster;
  }

  /** Addresses of the monitors. */
  get monitors(): readonly string[] {
    return this.#addresses.map((address) => printAddress(address));
  }

  get osds(): readonly OsdId[] {
    return this.#osds;
  }

  async #prepare(): Promise<void> {
    const { directory } = this.#options;
    const { disk } = this.#runtime;
    keepFilesPrivate();
    for (const name of ['conf', 'log', 'run']) await disk.makeDirectory(`${directory}/${name}`);
    const pid = pidIn(`${directory}/run/dev.pid`);
    if (pid !== undefined && isAliveWith(pid, 'dev')) {
      throw new CairnError(
        'LOCKED',
        `a cluster runs in ${directory} already (process ${pid}); stop that one, or choose another --dir`,
      );
    }
    await this.#stopLeftOvers();
    this.#pidFile = await writePidFile(disk, `${directory}/run`, 'dev.pid');
  }

  /** Daemons of a run that was killed hold their stores: they are asked to stop first. */
  async #stopLeftOvers(): Promise<void> {
    const { directory } = this.#options;
    const deadline = monotonicMs(this.#runtime.clock.now() + leftOverMs);
    const names = await this.#runtime.disk.list(`${directory}/run`);
    for (const name of names.filter((file) => /^(?:mon|osd)\..+\.pid$/.test(file))) {
      const path = `${directory}/run/${name}`;
      const pid = pidIn(path);
      if (!stopLeftOver(path, this.#confOf(name.slice(0, -'.pid'.length))) || pid === undefined) continue;
      this.#context.note(`cairn: waiting for process ${pid} of an earlier run to stop\n`);
      while (isAlive(pid) && this.#runtime.clock.now() < deadline) await this.#pause();
    }
  }

  async #startMonitors(): Promise<void> {
    const { directory, monitors } = this.#options;
    if (!(await this.#exists(`${directory}/${clusterFileName}`))) await this.#init();
    const present = [...(await this.#present('mon'))];
    for (const name of present) await this.#startDaemon(`mon.${name}`, 'monitor');

    const deadline = monotonicMs(this.#runtime.clock.now() + readyMs);
    const client = await this.#context.connect({ dir: directory, conf: undefined });
    try {
      // One that ended at once is reported here, where nothing else is waited for.
      if (present.length > 0) await this.#untilVoters(client, present.length, deadline);
      // Any number may be missing: of an earlier, smaller run, or of one that was stopped in the middle.
      for (let index = 0; present.length < monitors; index++) {
        const name = letters.charAt(index);
        if (present.includes(name)) continue;
        present.push(name);
        await this.#addMonitor(client, name, deadline);
        await this.#untilVoters(client, present.length, deadline);
      }
      this.#addresses = await this.#untilVoters(client, present.length, deadline);
      await this.#writeClusterFile();
    } finally {
      await client.close();
    }
  }

  async #startOsds(): Promise<void> {
    const { osds, hosts, size, osdBytes, directory } = this.#options;
    const deadline = monotonicMs(this.#runtime.clock.now() + readyMs);
    const client = await this.#context.connect({ dir: directory, conf: undefined });
    try {
      const wait = { deadline, signal: this.#stop.signal };
      if (this.#isNew) await setDefaultSize(client, size, wait);
      const ids = new Set((await this.#present('osd')).map(Number));
      const disks = new DevDisks(this.#context, { directory, hosts, count: osds, bytes: osdBytes });
      for (let id = 0; ids.size < osds; id++) {
        if (ids.has(id)) continue;
        ids.add(id);
        await disks.make(client, osdId(id), {
          conf: this.#confOf(`osd.${id}`),
          addresses: () => this.#freeAddress(),
          wait,
        });
      }
      this.#osds = [...ids].sort((a, b) => a - b).map((id) => osdId(id));
      await Promise.all(this.#osds.map((id) => this.#startDaemon(`osd.${id}`, 'osd')));
      await this.#untilUp(client, deadline);
    } finally {
      await client.close();
    }
  }

  /** What stands behind `TYPE.` in the names of the settings files. */
  async #present(type: 'mon' | 'osd'): Promise<readonly string[]> {
    return (await this.#runtime.disk.list(`${this.#options.directory}/conf`))
      .filter((name) => name.startsWith(`${type}.`) && name.endsWith('.yaml'))
      .map((name) => name.slice(`${type}.`.length, -'.yaml'.length));
  }

  async #init(): Promise<void> {
    this.#isNew = true;
    const { directory } = this.#options;
    const [name, address] = ['a', await this.#freeAddress()];
    const data = `${directory}/mon.${name}`;
    // Of an earlier start that did not get as far as the file that names the cluster.
    await this.#runtime.disk.removeTree(data);
    const { monitor, admin } = await initCluster(this.#runtime, { directory: data, name, address });
    await this.#writeMonitorFile(name, address, monitor);
    await this.#context.writeFile(`${directory}/${clusterFileName}`, encodeClusterConf(admin), { isPrivate: true });
  }

  /** With every monitor in it: the command line must find the cluster whichever of them are down. */
  async #writeClusterFile(): Promise<void> {
    const path = `${this.#options.directory}/${clusterFileName}`;
    const credentials = await readClusterConf(this.#context, path);
    const bytes = encodeClusterConf({ ...credentials, monitors: this.#addresses });
    await this.#context.writeFile(path, bytes, { isPrivate: true });
  }

  async #addMonitor(client: MonitorClient, name: string, deadline: MonotonicMs): Promise<void> {
    const wait = { deadline, signal: this.#stop.signal };
    const { fsid, key, monitors } = await client.change(monAdd, { name }, wait);
    await this.#writeMonitorFile(name, await this.#freeAddress(), { fsid, key, monitors, name: `mon.${name}` });
    await this.#startDaemon(`mon.${name}`, 'monitor');
  }

  async #writeMonitorFile(name: string, address: NodeAddress, credentials: Credentials): Promise<void> {
    const directory = `${this.#options.directory}/mon.${name}`;
    const adminAddress = await this.#freeAddress();
    const file = encodeMonitorFile({ name, directory, address, adminAddress, credentials });
    await this.#context.writeFile(this.#confOf(`mon.${name}`), file, { isPrivate: true });
  }

  async #startDaemon(name: string, command: 'monitor' | 'osd'): Promise<void> {
    const { directory, respawn } = this.#options;
    const daemon = new DevDaemon(this.#runtime, {
      name,
      args: [command, 'run', '--conf', this.#confOf(name)],
      script: this.#context.script,
      environment: { ...this.#context.env, ...noTls },
      directory,
      respawn,
      onDied: (exit) => this.#noteDeath(name, exit),
    });
    this.#daemons.set(name, daemon);
    await daemon.start();
  }

  /** Addresses of all monitors, once so many vote and are in quorum. */
  async #untilVoters(client: MonitorClient, count: number, deadline: MonotonicMs): Promise<readonly NodeAddress[]> {
    for (;;) {
      this.#throwIfStopped();
      if (this.#runtime.clock.now() >= deadline) {
        throw new CairnError(
          'DEADLINE_EXCEEDED',
          `the monitors did not come together; their logs are in ${this.#options.directory}/log`,
        );
      }
      this.#throwIfDead();
      const attempt = monotonicMs(Math.min(deadline, this.#runtime.clock.now() + 2_000));
      const answer = await client.query(monDump, {}, { deadline: attempt, signal: this.#stop.signal }).catch(notYet);
      const monitors = answer?.result.monitors ?? [];
      const ready = monitors.filter(({ role, isInQuorum }) => role === 'voter' && isInQuorum);
      if (ready.length >= count) return monitors.map(({ address }) => address);
      await this.#pause();
    }
  }

  /** Every OSD that was started is up in the map. */
  async #untilUp(client: MonitorClient, deadline: MonotonicMs): Promise<void> {
    for (;;) {
      this.#throwIfStopped();
      this.#throwIfDead();
      const attempt = monotonicMs(Math.min(deadline, this.#runtime.clock.now() + 2_000));
      const answer = await client.query(osdDump, {}, { deadline: attempt, signal: this.#stop.signal }).catch(notYet);
      const up = new Set(answer?.result.osds.filter(({ isUp }) => isUp).map(({ id }) => id));
      const missing = this.#osds.filter((id) => !up.has(id)).map((id) => `osd.${id}`);
      if (missing.length === 0) return;
      if (this.#runtime.clock.now() >= deadline) {
        const where = `their logs are in ${this.#options.directory}/log`;
        throw new CairnError('DEADLINE_EXCEEDED', `${missing.join(', ')} did not come up; ${where}`);
      }
      await this.#pause();
    }
  }

  #throwIfDead(): void {
    const dead = [...this.#daemons].find(([, daemon]) => !daemon.isRunning && !this.#options.respawn);
    if (dead === undefined) return;
    throw new CairnError('CLOSED', `${dead[0]} ended; see ${this.#options.directory}/log/${dead[0]}.log`);
  }

  #noteDeath(name: string, exit: ChildExit): void {
    const how = exit.kind === 'code' ? `exit code ${exit.code}` : exit.signal;
    const next = this.#options.respawn ? 'starting it again' : `see ${this.#options.directory}/log/${name}.log`;
    this.#context.note(`cairn: ${name} ended (${how}); ${next}\n`);
  }

  async #close(): Promise<void> {
    this.#stop.abort(interruption);
    // The OSDs first: they say goodbye to the monitors.
    for (const type of ['osd.', 'mon.']) {
      const daemons = [...this.#daemons].filter(([name]) => name.startsWith(type));
      await Promise.all(daemons.map(([, daemon]) => daemon.stop()));
    }
    this.#pidFile?.remove();
  }

  /** `mon.a`, `osd.0`. */
  #confOf(name: string): string {
    return `${this.#options.directory}/conf/${name}.yaml`;
  }

  #freeAddress(): Promise<NodeAddress> {
    return freeAddress(this.#runtime, host);
  }

  async #exists(path: string): Promise<boolean> {
    try {
      await this.#runtime.disk.stat(path);
      return true;
    } catch (error) {
      if (isCairnError(error, 'NOT_FOUND')) return false;
      throw error;
    }
  }

  #pause(): Promise<void> {
    return this.#runtime.clock.sleep(pollMs, this.#stop.signal);
  }

  #throwIfStopped(): void {
    if (this.#stop.signal.aborted) throw interruption;
  }
}

const letters = 'abcdefghijklmnopqrstuvwxyz';

const interruption = new CairnError('CANCELLED', 'asked to stop while starting');

/** No answer yet is what one waits for here; a refusal is not. */
function notYet(error: unknown): undefined {
  const { code } = toCairnError(error);
  if (code === 'DEADLINE_EXCEEDED' || code === 'CONNECTION_LOST' || code === 'AUTHENTICATION_FAILED') return undefined;
  throw error;
}
