/** Whole monitors on machines of a simulated world, and clients that talk to them. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';
import { initCluster } from '../../../monitor/daemon/boot.js';
import { Monitor } from '../../../monitor/daemon/monitor.js';
import type { Credentials } from '../../../protocol/credentials.js';
import { monAdd } from '../../../protocol/commands/mon.js';
import { MonitorSession } from '../../../protocol/monitor-session.js';
import type { Runtime } from '../../../runtime/runtime.js';
import type { SimProcess } from '../../../runtime/sim/process.js';
import { World } from '../../../runtime/sim/world.js';

export const port = 7000;

export interface Site {
  readonly name: string;
  readonly credentials: Credentials;
  process: SimProcess | undefined;
  /** While the process lives and has started. */
  monitor: Monitor | undefined;
  isRemoved: boolean;
}

export class SimCluster {
  readonly world: World;
  readonly sites = new Map<string, Site>();
  #admin: Credentials | undefined;

  constructor(seed: number) {
    this.world = new World({ seed, network: { link: { latencyMs: 0.3 } } });
  }

  /** `a` alone; others come by `add`. */
  async found(): Promise<void> {
    const address = { host: 'a', port };
    const maker = this.world.machine('a').start('init', async (runtime) => {
      const keys = await initCluster(runtime, { directory: '/mon', name: 'a', address });
      this.#admin = { ...keys.admin, monitors: [address] };
      this.#addSite('a', { ...keys.monitor, monitors: [address] });
    });
    await maker.finished;
    this.start('a');
    await this.until('a leads', () => this.leader !== undefined);
  }

  /** Founds a cluster and has the others join it, until all of them vote. */
  async foundAll(names: readonly string[]): Promise<void> {
    await this.found();
    const client = await this.client();
    for (const name of names.slice(1)) await this.add(client, name);
    await client.close();
  }

  async add(client: MonitorSession, name: string): Promise<void> {
    const { fsid, key, monitors } = await client.change(monAdd, { name }, {});
    this.#addSite(name, { fsid, key, monitors, name: `mon.${name}` });
    this.start(name);
    await this.untilVoters(name);
  }

  async untilVoters(...names: readonly string[]): Promise<void> {
    const isVoter = (name: string): boolean => this.leader?.state.map.monitors.get(name)?.role === 'voter';
    await this.until(`${names.join(', ')} vote`, () => names.every(isVoter));
  }

  start(name: string): void {
    const site = this.site(name);
    site.monitor = undefined;
    site.process = this.world.machine(name).start(
      `mon.${name}`,
      async (runtime) => {
        const options = {
          directory: '/mon',
          name,
          address: { host: name, port },
          credentials: site.credentials,
          version: '1.0.0',
          hostname: name,
          onRemoved: () => void (site.isRemoved = true),
        };
        site.monitor = await Monitor.start(runtime, options, new AbortController().signal);
      },
      { mayFail: true },
    );
  }

  kill(name: string): void {
    const site = this.site(name);
    site.process?.kill();
    site.monitor = undefined;
  }

  async wipe(name: string): Promise<void> {
    this.kill(name);
    await this.world.machine(name).start('wipe', (runtime) => runtime.disk.removeTree('/mon')).finished;
  }

  site(name: string): Site {
    const site = this.sites.get(name);
    assert.ok(site !== undefined, `there is a mon.${name}`);
    return site;
  }

  get leader(): Monitor | undefined {
    for (const { monitor } of this.sites.values()) {
      if (monitor?.status.raft.role === 'leader' && monitor.status.raft.isReady) return monitor;
    }
    return undefined;
  }

  get leaderName(): string {
    const { leader } = this;
    for (const { name, monitor } of this.sites.values()) if (monitor !== undefined && monitor === leader) return name;
    assert.fail('somebody leads');
  }

  /** Sessions of clients whose answers the leader keeps, with the names of their clients before them. */
  get liveSessions(): string[] {
    const sessions = this.leader?.state.content().sessions.entries() ?? [];
    return [...sessions].flatMap(([name, { replies }]) => (name.includes(' ') && replies.length > 0 ? [name] : []));
  }

  get followers(): string[] {
    return [...this.sites.keys()].filter((name) => name !== this.leaderName);
  }

  get admin(): Credentials {
    assert.ok(this.#admin !== undefined);
    return this.#admin;
  }

  /** On a machine of its own. */
  async runtime(machine = 'client'): Promise<Runtime> {
    const process = this.world.machine(machine).start(machine, async () => {});
    await process.finished;
    return process.runtime;
  }

  async client(options: Partial<Credentials> & { readonly machine?: string } = {}): Promise<MonitorSession> {
    const { machine, ...credentials } = options;
    const monitors = [...this.sites.keys()].map((host) => ({ host, port }));
    const all = { ...this.admin, monitors, ...credentials };
    return new MonitorSession(await this.runtime(machine), { credentials: all, role: 'client' });
  }

  async until(what: string, holds: () => boolean, withinMs = 30_000): Promise<void> {
    const end = this.world.now + withinMs;
    while (!holds()) {
      assert.ok(this.world.now < end, `in time: ${what}`);
      await this.world.sleep(10);
      this.checkDeaths();
    }
  }

  /** No monitor may fall over, whatever it is sent. */
  checkDeaths(): void {
    for (const { name, process } of this.sites.values()) {
      const failure = process?.failure;
      if (failure !== undefined) throw new Error(`mon.${name} stopped`, { cause: failure });
    }
  }

  /** Cuts a monitor off from the others; clients reach it still. */
  isolate(name: string): void {
    for (const other of this.sites.keys()) if (other !== name) this.world.network.cutBoth(name, other);
  }

  within(ms: number): { readonly deadline: ReturnType<typeof monotonicMs> } {
    return { deadline: monotonicMs(this.world.machine('client').time.monotonic(this.world.now) + ms) };
  }

  #addSite(name: string, credentials: Credentials): void {
    this.sites.set(name, { name, credentials, process: undefined, monitor: undefined, isRemoved: false });
  }
}

/** Runs a body in a world with these monitors, all of them voters. */
export async function onMonitors(
  names: readonly string[],
  body: (cluster: SimCluster) => Promise<void>,
  seed = 1,
): Promise<void> {
  const cluster = new SimCluster(seed);
  await cluster.world.main(async () => {
    await cluster.foundAll(names);
    await body(cluster);
    cluster.checkDeaths();
  });
}

/** For `assert.rejects`. */
export function coded(code: string, words = /./, applied?: 'no' | 'maybe'): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isCairnError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    if (applied !== undefined) assert.equal(error.applied, applied);
    return true;
  };
}
