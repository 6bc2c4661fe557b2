/** A cluster of real `cairn monitor run` processes on loopback, each with a directory and a file of its own. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeClusterConf } from '../../cli/cluster-conf.js';
import { encodeMonitorFile } from '../../cli/monitor-settings.js';
import type { NodeAddress } from '../../cluster/osd.js';
import { initCluster } from '../../monitor/daemon/boot.js';
import { monAdd, monDump, type MonitorList } from '../../protocol/commands/mon.js';
import type { Credentials } from '../../protocol/credentials.js';
import { MonitorSession } from '../../protocol/monitor-session.js';
import { Children, here, type Running, until, within } from './children.js';

export class MonitorProcesses {
  readonly children = new Children();
  /** Of everything; removed at the end. */
  readonly directory: string;
  readonly admin: Credentials;
  readonly #running = new Map<string, Running>();
  readonly #addresses = new Map<string, NodeAddress>();
  readonly #sessions = new Set<MonitorSession>();

  private constructor(directory: string, admin: Credentials) {
    this.directory = directory;
    this.admin = admin;
  }

  /** `names` in quorum, started and joined one after the other. */
  static async start(...names: readonly string[]): Promise<MonitorProcesses> {
    const [first = 'a', ...others] = names;
    const directory = await mkdtemp(join(tmpdir(), 'cairn-monitors-'));
    const address = await freeAddress();
    const { monitor, admin } = await initCluster(here, { directory: join(directory, first), name: first, address });
    const cluster = new MonitorProcesses(directory, admin);
    try {
      await cluster.#writeFile(first, address, monitor);
      cluster.run(first);
      for (const name of others) await cluster.add(name);
      await cluster.untilVoters(names.length);
    } catch (error) {
      await cluster.end();
      throw error;
    }
    return cluster;
  }

  /** The cluster as clients know it whose file lists every monitor. */
  get credentials(): Credentials {
    return { ...this.admin, monitors: [...this.#addresses.values()] };
  }

  addressOf(name: string): NodeAddress {
    const address = this.#addresses.get(name);
    if (address === undefined) throw new Error(`there is no mon.${name}`);
    return address;
  }

  process(name: string): Running {
    const running = this.#running.get(name);
    if (running === undefined) throw new Error(`mon.${name} was never started`);
    return running;
  }

  dataOf(name: string): string {
    return join(this.directory, name);
  }

  confOf(name: string): string {
    return join(this.directory, `${name}.yaml`);
  }

  run(name: string): Running {
    const running = this.children.cairn(['monitor', 'run', '--conf', this.confOf(name)]);
    this.#running.set(name, running);
    return running;
  }

  /** Gives `name` a key and starts it with an empty directory. */
  async add(name: string, data = this.dataOf(name)): Promise<Running> {
    const issued = await this.client().change(monAdd, { name }, within(15_000));
    const { fsid, key, monitors } = issued;
    await this.#writeFile(name, await freeAddress(), { fsid, key, monitors, name: `mon.${name}` }, data);
    return this.run(name);
  }

  async kill(...names: readonly string[]): Promise<void> {
    for (const name of names) this.process(name).signal('SIGKILL');
    await Promise.all(names.map((name) => this.process(name).ended));
  }

  /** Of the admin, to be closed with the cluster. */
  client(credentials: Credentials = this.credentials): MonitorSession {
    const session = new MonitorSession(here, { credentials, role: 'client' });
    this.#sessions.add(session);
    return session;
  }

  /** One that knows no monitor but this. */
  clientOf(name: string): MonitorSession {
    return this.client({ ...this.admin, monitors: [this.addressOf(name)] });
  }

  async dump(client = this.client()): Promise<MonitorList> {
    return (await client.query(monDump, {}, within(15_000))).result;
  }

  /** Who leads, as a majority sees it. */
  async leader(): Promise<string> {
    const client = this.client();
    return until('a leader is known', async () => (await this.dump(client)).leader);
  }

  /** Waits until exactly so many monitors vote and are all in quorum. */
  async untilVoters(count: number): Promise<MonitorList> {
    const client = this.client();
    let last: MonitorList | undefined;
    return until(
      `${count} monitors are in quorum`,
      async () => {
        last = await this.dump(client);
        const ready = last.monitors.filter(({ role, isInQuorum }) => role === 'voter' && isInQuorum);
        return ready.length === count && last.monitors.length === count && last;
      },
      { describe: () => `${JSON.stringify(last)}\n${this.#output()}` },
    );
  }

  async end(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.close()));
    await this.children.endAll();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #writeFile(
    name: string,
    address: NodeAddress,
    credentials: Credentials,
    directory = this.dataOf(name),
  ): Promise<void> {
    this.#addresses.set(name, address);
    const file = encodeMonitorFile({ name, directory, address, adminAddress: undefined, credentials });
    await writeFile(this.confOf(name), file, { mode: 0o600 });
  }

  /** Forgets a monitor that was removed, so that clients do not try it. */
  forget(name: string): void {
    this.#addresses.delete(name);
  }

  /** The file for `--conf` of the admin, or of whoever it is for, in the cluster's directory. */
  async writeConf(fileName: string, credentials: Credentials = this.credentials): Promise<void> {
    await writeFile(join(this.directory, fileName), encodeClusterConf(credentials), { mode: 0o600 });
  }

  async confText(name: string): Promise<string> {
    return readFile(this.confOf(name), 'utf8');
  }

  #output(): string {
    return [...this.#running].map(([name, { stderr }]) => `mon.${name}: ${stderr.slice(-2000)}`).join('\n');
  }
}

/** Free a moment ago: tests take it before anybody else is likely to. */
export async function freeAddress(): Promise<NodeAddress> {
  const listener = await here.network.listen({ host: '127.0.0.1', port: 0 }, {}, (connection) => connection.destroy());
  await listener.close();
  return listener.address;
}
