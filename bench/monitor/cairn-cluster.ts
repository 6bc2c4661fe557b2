/** Three monitors as processes of `bin/cairn`, each with a directory of its own, and sessions with them. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { monotonicMs } from '../../base/instants.js';
import { decodeClusterConf } from '../../cli/cluster-conf.js';
import { encodeMonitorFile } from '../../cli/monitor-settings.js';
import { monAdd, monDump, type MonitorList } from '../../protocol/commands/mon.js';
import type { Credentials } from '../../protocol/credentials.js';
import { MonitorSession } from '../../protocol/monitor-session.js';
import type { Runtime } from '../../runtime/runtime.js';
import { type Daemon, freePort, killDaemon, startDaemon, stopDaemon } from '../processes.js';

const cairn = fileURLToPath(new URL('../../../bin/cairn', import.meta.url));
const turnWatch = fileURLToPath(new URL('turn-watch.js', import.meta.url));
const readyMs = 30_000;
const names = ['a', 'b', 'c'];

export class CairnCluster {
  readonly credentials: Credentials;
  readonly #runtime: Runtime;
  readonly #directory: string;
  readonly #nodeOptions: readonly string[];
  readonly #daemons = new Map<string, Daemon>();

  private constructor(runtime: Runtime, directory: string, credentials: Credentials, nodeOptions: readonly string[]) {
    this.#runtime = runtime;
    this.#directory = directory;
    this.credentials = credentials;
    this.#nodeOptions = nodeOptions;
  }

  /** `directory` is made; `nodeOptions` go to the monitors' Node, such as `--cpu-prof`. */
  static async start(
    runtime: Runtime,
    { directory, nodeOptions }: { readonly directory: string; readonly nodeOptions: readonly string[] },
  ): Promise<CairnCluster> {
    mkdirSync(directory, { recursive: true });
    const adminConf = `${directory}/admin.yaml`;
    const address = `127.0.0.1:${await freePort()}`;
    const init = ['monitor', 'init', '--name', 'a', '--address', address, '--directory', `${directory}/mon.a`];
    await promisify(execFile)(process.execPath, [
      cairn,
      ...init,
      '--conf',
      `${directory}/mon.a.yaml`,
      '--admin-conf',
      adminConf,
    ]);
    const credentials = decodeClusterConf(readFileSync(adminConf), adminConf);
    const cluster = new CairnCluster(runtime, directory, credentials, nodeOptions);
    cluster.startMonitor('a');
    const session = cluster.session();
    try {
      for (const name of names.slice(1)) {
        const { fsid, key, monitors } = await session.change(monAdd, { name }, cluster.#wait());
        const file = encodeMonitorFile({
          name,
          directory: `${directory}/mon.${name}`,
          address: { host: '127.0.0.1', port: await freePort() },
          adminAddress: undefined,
          credentials: { fsid, key, monitors, name: `mon.${name}` },
        });
        writeFileSync(`${directory}/mon.${name}.yaml`, file, { mode: 0o600 });
        cluster.startMonitor(name);
        await cluster.untilVoters(session, names.indexOf(name) + 1);
      }
    } catch (error) {
      await cluster.close();
      throw error;
    } finally {
      await session.close();
    }
    return cluster;
  }

  get daemons(): readonly Daemon[] {
    return [...this.#daemons.values()];
  }

  startMonitor(name: string): void {
    const daemon = startDaemon({
      name,
      program: process.execPath,
      args: [
        ...this.#nodeOptions,
        '--import',
        turnWatch,
        cairn,
        'monitor',
        'run',
        '--conf',
        `${this.#directory}/mon.${name}.yaml`,
      ],
      outputPath: `${this.#directory}/mon.${name}.log`,
      hasChannel: true,
    });
    this.#daemons.set(name, daemon);
  }

  daemon(name: string): Daemon {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined) throw new Error(`mon.${name} does not run`);
    return daemon;
  }

  async kill(name: string): Promise<void> {
    await killDaemon(this.daemon(name));
    this.#daemons.delete(name);
  }

  /** With all monitors, or with one of them. */
  session(monitors: Credentials['monitors'] = this.credentials.monitors): MonitorSession {
    return new MonitorSession(this.#runtime, { credentials: { ...this.credentials, monitors }, role: 'client' });
  }

  async monitors(session: MonitorSession): Promise<MonitorList> {
    return (await session.query(monDump, {}, this.#wait())).result;
  }

  /** Waits until so many vote and take part. */
  async untilVoters(session: MonitorSession, count: number): Promise<MonitorList> {
    const deadline = performance.now() + readyMs;
    for (;;) {
      const list = await this.monitors(session);
      if (list.monitors.filter(({ role, isInQuorum }) => role === 'voter' && isInQuorum).length >= count) return list;
      if (performance.now() > deadline) throw new Error(`the monitors did not come together; see ${this.#directory}`);
      await this.#runtime.clock.sleep(50);
    }
  }

  /** How long the turns of a monitor's event loop are, at most, from here to `report`. */
  watchTurns(name: string): { report(): Promise<number> } {
    const { process: child } = this.daemon(name);
    child.send('watch');
    return {
      report: () =>
        new Promise((resolve, reject) => {
          child.once('message', (message: { readonly longestTurnMs: number }) => resolve(message.longestTurnMs));
          child.send('report', (error) => {
            if (error !== null) reject(error);
          });
        }),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => stopDaemon(daemon)));
    this.#daemons.clear();
  }

  #wait() {
    return { deadline: monotonicMs(this.#runtime.clock.now() + readyMs) };
  }
}
