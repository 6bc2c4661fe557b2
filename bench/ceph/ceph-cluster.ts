/**
 * A Ceph that is thrown away: a monitor, a manager and OSDs (BlueStore on plain files) on the loopback, all of it below one directory.
 * Its processes are children of the benchmark and belong to its user; no service manager knows of them.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuTimes } from '../proc-stat.js';
import { type Daemon, freePort, startDaemon, stopDaemon } from '../processes.js';
import type { AtEnd } from '../run-to-end.js';
import { cephConf } from './ceph-conf.js';
import { runCommand } from './command.js';
import { clusterEntities, keyringText } from './keyring.js';
import { isClean } from './pool-state.js';

export interface CephOptions {
  /** Of its own, on the disk that is measured; made here. */
  readonly directory: string;
  readonly osds: number;
  /** Copies of the pool's objects. */
  readonly size: number;
  readonly minSize: number;
  readonly pgNum: number;
  /** More settings of `ceph.conf`. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface CephUsage {
  /** `mon.a`, `mgr.x`, `osd.0`. */
  readonly name: string;
  readonly cpuMicroseconds: number;
}

export const cephPool = 'bench';
const GiB = 2 ** 30;
/** Enough for what the benchmark keeps in use; the default of 4 GiB for each OSD would take all memory of a small machine. */
const osdMemoryBytes = GiB;
/** Sparse: what is written and removed goes round in it. */
const osdBytes = 10 * GiB;
/** Of one command; they take a second, and on a busy machine ten. */
const commandMs = 60_000;
/** A first start takes some 15 s on two cores. */
const readyMs = 120_000;
const lookMs = 500;

export class CephCluster {
  readonly #options: CephOptions;
  readonly #conf: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #daemons: Daemon[] = [];
  readonly #stop = new AbortController();

  private constructor(options: CephOptions) {
    this.#options = options;
    this.#conf = `${options.directory}/ceph.conf`;
    // What the environment says of Ceph is about another one.
    this.#environment = { ...process.env, CEPH_ARGS: undefined, CEPH_CONF: undefined, CEPH_KEYRING: undefined };
  }

  /** Its pool is there and clean when it resolves; rejects within some minutes at worst. */
  static async start(options: CephOptions, atEnd: AtEnd): Promise<CephCluster> {
    const cluster = new CephCluster(options);
    atEnd(() => cluster.#close());
    await cluster.#makeFiles();
    await cluster.#startDaemons();
    await cluster.#makePool();
    return cluster;
  }

  /** What stands on top of the figures: its version, and what its OSDs take their disk for. */
  async describe(): Promise<string> {
    const metadata = JSON.parse(await this.#ceph(['osd', 'metadata', '0'])) as Readonly<Record<string, string>>;
    const version = metadata['ceph_version_short'] ?? metadata['ceph_version'] ?? 'of an unknown version';
    const more = Object.entries(this.#options.settings).map(([name, value]) => `, ${name} = ${value}`);
    return `Ceph ${version}, ${metadata['osd_objectstore']} on files of a disk that it takes for ${metadata['bluestore_bdev_type']}${more.join('')}`;
  }

  /** Of every daemon, so far. Throws when one has ended. */
  usage(): CephUsage[] {
    this.#checkDaemons();
    return this.#daemons.map(({ name, pid }) => ({ name, cpuMicroseconds: cpuTimes(pid).own }));
  }

  /** What `rados` prints, on the pool. */
  rados(args: readonly string[], timeoutMs: number): Promise<string> {
    return this.#run('rados', ['-c', this.#conf, '-p', cephPool, ...args], timeoutMs);
  }

  async #makeFiles(): Promise<void> {
    const { directory, osds, settings } = this.#options;
    for (const name of ['', 'run', 'log', 'crash', ...this.#names()]) {
      mkdirSync(`${directory}/${name}`, { recursive: true, mode: 0o700 });
    }
    const fsid = randomUUID();
    const conf = cephConf({ directory, fsid, port: await freePort(), osdMemoryBytes, osdBytes, settings });
    writeFileSync(this.#conf, conf);
    writeFileSync(`${directory}/keyring`, keyringText(clusterEntities(osds)), { mode: 0o600 });
  }

  async #startDaemons(): Promise<void> {
    const keyring = `${this.#options.directory}/keyring`;
    await this.#run('ceph-mon', ['-c', this.#conf, '-i', 'a', '--mkfs', '--keyring', keyring]);
    this.#startDaemon('mon.a');
    this.#startDaemon('mgr.x');
    await Promise.all(this.#osdIds().map((id) => this.#startOsd(id)));
  }

  async #startOsd(id: number): Promise<void> {
    const uuid = randomUUID();
    await this.#ceph(['osd', 'new', uuid, String(id)]);
    await this.#run('ceph-osd', ['-c', this.#conf, '-i', String(id), '--mkfs', '--osd-uuid', uuid]);
    this.#startDaemon(`osd.${id}`);
  }

  async #makePool(): Promise<void> {
    const { size, minSize, pgNum } = this.#options;
    const [copies, least, pgs] = [String(size), String(minSize), String(pgNum)];
    await this.#ceph(['osd', 'pool', 'create', cephPool, pgs, pgs, 'replicated', '--size', copies]);
    await this.#ceph(['osd', 'pool', 'set', cephPool, 'min_size', least]);
    await this.#ceph(['osd', 'pool', 'application', 'enable', cephPool, 'bench']);
    const deadline = performance.now() + readyMs;
    while (!isClean(await this.#ceph(['status']), pgNum)) {
      this.#checkDaemons();
      if (performance.now() > deadline) throw new Error(`Ceph's pool is not clean after ${readyMs / 1_000} s`);
      await sleep(lookMs, undefined, { signal: this.#stop.signal });
    }
  }

  /** In the foreground: its process stays the benchmark's child. */
  #startDaemon(name: string): void {
    this.#stop.signal.throwIfAborted();
    const [type = '', id = ''] = name.split('.');
    const outputPath = `${this.#options.directory}/log/${name}.out`;
    const args = ['-f', '-c', this.#conf, '-i', id];
    this.#daemons.push(
      startDaemon({ name, program: `ceph-${type}`, args, outputPath, environment: this.#environment }),
    );
  }

  #checkDaemons(): void {
    for (const { name, process: child } of this.#daemons) {
      if (child.exitCode === null && child.signalCode === null) continue;
      const said = readFileSync(`${this.#options.directory}/log/${name}.out`, 'utf8').slice(-1_000);
      throw new Error(`Ceph's ${name} ended with ${child.exitCode ?? child.signalCode}: ${said}`);
    }
  }

  #ceph(args: readonly string[]): Promise<string> {
    return this.#run('ceph', ['-c', this.#conf, '--connect-timeout', '20', '--format', 'json', ...args]);
  }

  #run(program: string, args: readonly string[], timeoutMs: number = commandMs): Promise<string> {
    return runCommand(program, args, { timeoutMs, environment: this.#environment, signal: this.#stop.signal });
  }

  #names(): string[] {
    return ['mon.a', 'mgr.x', ...this.#osdIds().map((id) => `osd.${id}`)];
  }

  #osdIds(): number[] {
    return Array.from({ length: this.#options.osds }, (_, id) => id);
  }

  /** OSDs before those that they talk to. */
  async #close(): Promise<void> {
    this.#stop.abort();
    const osds = this.#daemons.filter(({ name }) => name.startsWith('osd.'));
    await Promise.all(osds.map((daemon) => stopDaemon(daemon)));
    await Promise.all(this.#daemons.map((daemon) => stopDaemon(daemon)));
  }
}
