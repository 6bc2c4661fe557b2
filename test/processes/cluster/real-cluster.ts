/** A cluster of real processes, whose daemons a test kills, stops and starts again one by one. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readClusterConf } from '../../../cli/cluster-conf.js';
import { CairnClient } from '../../../client/client.js';
import type { PoolClient } from '../../../client/pool-client.js';
import { osdId } from '../../../cluster/ids.js';
import type { ClusterMap } from '../../../cluster/map.js';
import type { Pool } from '../../../cluster/pool.js';
import { monDump } from '../../../protocol/commands/mon.js';
import { poolCreate } from '../../../protocol/commands/pool.js';
import type { Credentials } from '../../../protocol/credentials.js';
import { Children, here, processesOf, type Running, until, within } from '../children.js';
import { type ClusterShape, devFounder, type Founder } from './founder.js';
import { unclean } from './unclean.js';

export const poolName = 'data';
/** What a cluster that is on its way takes at most: much longer than ever seen, for machines that do other things as well. */
export const patienceMs = 60_000;
/** Connections of their own to every OSD, as two gateways have them. */
const clientCount = 2;

export class RealCluster {
  readonly children = new Children();
  /** Of everything; removed at the end. */
  readonly base: string;
  readonly directory: string;
  readonly #shape: ClusterShape;
  readonly #founder: Founder;
  #credentials: Credentials | undefined;
  readonly #clients: CairnClient[] = [];
  readonly #pools: PoolClient[] = [];
  /** Process ids of daemons as they were started last, by name (`osd.0`); also of those that run no more. */
  readonly #pids = new Map<string, number>();
  /** Those that the test started itself. */
  readonly #running = new Map<string, Running>();

  private constructor(base: string, shape: ClusterShape, founder: Founder) {
    this.base = base;
    this.#shape = shape;
    this.#founder = founder;
    this.directory = join(base, 'cluster');
  }

  static async start(shape: ClusterShape, founder: Founder = devFounder): Promise<RealCluster> {
    const cluster = new RealCluster(await mkdtemp(join(tmpdir(), 'cairn-cluster-')), shape, founder);
    try {
      const pids = await founder.found(cluster.children, cluster.directory, shape);
      for (const [name, pid] of pids) cluster.#pids.set(name, pid);
      await cluster.#connect();
      return cluster;
    } catch (error) {
      await cluster.end();
      throw error;
    }
  }

  /** Of the first client: also for whatever is asked of the monitors. */
  get client(): CairnClient {
    const [client] = this.#clients;
    if (client === undefined) throw new Error('nobody has connected yet');
    return client;
  }

  /** Of the admin. */
  get credentials(): Credentials {
    assert.ok(this.#credentials !== undefined, 'the cluster was made');
    return this.#credentials;
  }

  /** The pool as each of the clients has it. */
  get pools(): readonly PoolClient[] {
    return this.#pools;
  }

  get map(): ClusterMap {
    return this.client.map;
  }

  get pool(): Pool {
    const pool = [...this.map.pools.values()].find(({ name }) => name === poolName);
    assert.ok(pool !== undefined, 'the pool is in the map');
    return pool;
  }

  confOf(name: string): string {
    return join(this.directory, 'conf', `${name}.yaml`);
  }

  diskOf(name: string): string {
    return join(this.directory, name);
  }

  /** `kill -9`, of those that have not ended by themselves; resolves when nothing of them runs any more. */
  async kill(...names: readonly string[]): Promise<void> {
    for (const name of names) if (exists(this.#pidOf(name))) this.signal(name, 'SIGKILL');
    for (const name of names) await until(`${name} is gone`, () => !exists(this.#pidOf(name)));
  }

  signal(name: string, signal: NodeJS.Signals): void {
    process.kill(this.#pidOf(name), signal);
  }

  /** In good order. */
  async stop(name: string): Promise<void> {
    this.signal(name, 'SIGTERM');
    await until(`${name} has stopped`, () => !exists(this.#pidOf(name)), { withinMs: patienceMs });
  }

  /** One that does not run. */
  run(name: string): Running {
    const running = this.children.daemon(name, this.confOf(name), this.#founder.prefixOf(name));
    this.#running.set(name, running);
    this.#pids.set(name, running.pid);
    return running;
  }

  /** A command about the cluster, which has to succeed. */
  ask(...args: readonly string[]): Promise<void> {
    return this.#cairn([...args, '--dir', this.directory]);
  }

  /** Of an OSD that is no more: its disk and its settings. */
  async forget(name: string): Promise<void> {
    this.#running.delete(name);
    await rm(this.diskOf(name), { recursive: true });
    await rm(this.confOf(name));
  }

  /** An empty store where the settings of an OSD say. */
  mkfs(name: string): Promise<void> {
    const { osdSize, segmentSize } = this.#shape;
    const sizes = ['--size', osdSize, '--segment-size', segmentSize];
    return this.#cairn(['osd', 'mkfs', '--conf', this.confOf(name), ...sizes]);
  }

  async #cairn(args: readonly string[]): Promise<void> {
    const asked = this.children.cairn(args);
    assert.deepEqual(await asked.end(patienceMs), { code: 0, signal: null }, asked.stderr);
  }

  isUp(name: string): boolean {
    return this.map.osds.get(osdId(Number(name.slice('osd.'.length))))?.isUp === true;
  }

  async untilDown(...names: readonly string[]): Promise<void> {
    await this.#until(`${names.join(' and ')} are down in the map`, () => !names.some((name) => this.isUp(name)));
  }

  async untilUp(...names: readonly string[]): Promise<void> {
    await this.#until(`${names.join(' and ')} are up in the map`, () => {
      for (const name of names) if (this.#running.get(name)?.isRunning === false) throw new Error(this.#describe());
      return names.every((name) => this.isUp(name));
    });
  }

  /** Every PG is where CRUSH wants it, with all its members. */
  async untilClean(): Promise<void> {
    await this.#until('all PGs are clean', () => unclean(this.map, this.pool).length === 0);
  }

  async untilQuorum(count: number): Promise<void> {
    await this.#until(`${count} monitors are in quorum`, async () => {
      const { result } = await this.client.monitors.query(monDump, {}, within(patienceMs));
      return result.monitors.filter(({ isInQuorum }) => isInQuorum).length === count;
    });
  }

  /** In good order, which daemons that the test started are held to; whatever is left is killed. Idempotent. */
  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.children.endAll();
    // Daemons of a dev that was killed are in groups of their own, and nobody's children.
    for (const pid of processesOf(this.base)) process.kill(pid, 'SIGKILL');
    await until('nothing runs any more', () => processesOf(this.base).length === 0);
    this.#founder.end();
    await rm(this.base, { recursive: true, force: true });
  }

  async #connect(): Promise<void> {
    const { pgNum } = this.#shape;
    const path = join(this.directory, 'cluster.yaml');
    const credentials = await readClusterConf({ readFile: (file) => readFile(file) }, path);
    this.#credentials = credentials;
    for (let i = 0; i < clientCount; i++) {
      const client = await CairnClient.connect(here, { credentials, role: 'client' });
      this.#clients.push(client);
      if (i === 0) {
        const args = { name: poolName, pgNum, application: 'test', confirmed: false };
        await client.monitors.change(poolCreate, args, within(patienceMs));
      }
      this.#pools.push(await client.pool(poolName));
    }
  }

  #pidOf(name: string): number {
    const pid = this.#pids.get(name);
    if (pid === undefined) throw new Error(`there is no ${name}`);
    return pid;
  }

  async #until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    await until(what, holds, { withinMs: patienceMs, describe: () => this.#describe() });
  }

  #describe(): string {
    const said = [...this.#running].map(([name, { stderr }]) => `${name}: ${stderr.slice(-1_500)}`);
    const down = [...this.map.osds.values()].filter(({ isUp }) => !isUp).map(({ id }) => `osd.${id} is down`);
    return [...down, ...unclean(this.map, this.pool), ...said].join('\n');
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
