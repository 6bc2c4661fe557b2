/** Whole monitor daemons on machines of a simulated world: founded, joined, killed, wiped as operators and fate would do it. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import type { ClusterMap } from '../../../cluster/map.js';
import type { NodeAddress } from '../../../cluster/osd.js';
import { initCluster } from '../../../monitor/daemon/boot.js';
import { Monitor } from '../../../monitor/daemon/monitor.js';
import { encodeSnapshot } from '../../../monitor/state/snapshot.js';
import { monAdd } from '../../../protocol/commands/mon.js';
import type { Credentials } from '../../../protocol/credentials.js';
import { MonitorSession } from '../../../protocol/monitor-session.js';
import { monotonicMs, type MonotonicMs } from '../../../base/instants.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import type { SimProcess } from '../../../runtime/sim/process.js';
import type { World } from '../../../runtime/sim/world.js';

export const directory = '/mon';
const port = 6789;

/** A machine with the settings file of one monitor. */
export interface Site {
  readonly name: string;
  readonly machine: Machine;
  /** As in its settings file: the daemon keeps the monitors in it true. */
  credentials: Credentials;
  process: SimProcess | undefined;
  /** While the process lives and has started. */
  monitor: Monitor | undefined;
}

export interface Client {
  readonly machine: Machine;
  readonly process: SimProcess;
  readonly session: MonitorSession;
  /** So many ms from now on its clock. */
  within(ms: number): { readonly deadline: MonotonicMs };
}

export interface ClusterShape {
  readonly monitors: number;
  readonly snapshotAfterEntries?: number | undefined;
  /** Whether daemons may stop by themselves: where their disks fail. Default false. */
  readonly mayFail?: boolean;
}

export class MonitorCluster {
  readonly world: World;
  readonly sites: Site[] = [];
  readonly #shape: ClusterShape;
  #admin: Credentials | undefined;
  #clients = 0;

  private constructor(world: World, shape: ClusterShape) {
    this.world = world;
    this.#shape = shape;
  }

  /** As `cairn dev`: one monitor is made, the others are added and join. Resolves when all vote. */
  static async found(world: World, shape: ClusterShape): Promise<MonitorCluster> {
    const cluster = new MonitorCluster(world, shape);
    await cluster.#init();
    const client = await cluster.client();
    while (cluster.sites.length < shape.monitors) await cluster.add(client, nameOf(cluster.sites.length));
    await cluster.untilVoters(shape.monitors);
    await client.session.close();
    return cluster;
  }

  /** As in a settings file that names all monitors. */
  get admin(): Credentials {
    assert.ok(this.#admin !== undefined, 'the cluster was founded');
    return { ...this.#admin, monitors: this.sites.map(({ machine }) => ({ host: machine.host, port })) };
  }

  get running(): readonly (Site & { readonly monitor: Monitor })[] {
    return this.sites.filter((site): site is Site & { monitor: Monitor } => isRunning(site));
  }

  /** Who leads and has taken the lead up; of the highest term, should an old leader not know better yet. */
  get leader(): (Site & { readonly monitor: Monitor }) | undefined {
    const leaders = this.running.filter(({ monitor }) => {
      const { raft, leaderName } = monitor.status;
      return raft.role === 'leader' && raft.isReady && leaderName !== undefined;
    });
    return leaders.sort((a, b) => b.monitor.status.raft.term - a.monitor.status.raft.term)[0];
  }

  get newestMap(): ClusterMap {
    const maps = this.running.map(({ monitor }) => monitor.state.map);
    const [newest] = maps.sort((a, b) => b.epoch - a.epoch);
    assert.ok(newest !== undefined, 'a monitor runs');
    return newest;
  }

  site(name: string): Site {
    const found = this.sites.find((site) => site.name === name);
    assert.ok(found !== undefined, `there is a machine for mon.${name}`);
    return found;
  }

  /** Starts the monitor's process, unless it runs or its machine is down. */
  boot(site: Site): void {
    if (site.process?.isAlive === true || !site.machine.isUp) return;
    site.monitor = undefined;
    const options = {
      directory,
      name: site.name,
      address: { host: site.machine.host, port },
      version: 'simulated',
      hostname: site.machine.name,
      snapshotAfterEntries: this.#shape.snapshotAfterEntries,
    };
    const process = site.machine.start(
      `mon.${site.name}`,
      async (runtime) => {
        const { credentials } = site;
        const onMonitors = (monitors: readonly { readonly address: NodeAddress }[]): void => {
          site.credentials = { ...site.credentials, monitors: monitors.map(({ address }) => address) };
        };
        // Never aborted: these daemons are killed or stop by themselves.
        const { signal } = new AbortController();
        const monitor = await Monitor.start(runtime, { ...options, credentials, onMonitors }, signal);
        if (site.process === process) site.monitor = monitor;
      },
      { mayFail: this.#shape.mayFail ?? false },
    );
    site.process = process;
  }

  /** A key for one monitor more, its machine, its process. Resolves when it was started. */
  async add(client: Client, name: string): Promise<Site> {
    const { fsid, key, monitors } = await client.session.change(monAdd, { name }, client.within(30_000));
    const credentials = { fsid, key, monitors, name: `mon.${name}` };
    const site: Site = {
      name,
      machine: this.world.machine(`mon-${name}`),
      credentials,
      process: undefined,
      monitor: undefined,
    };
    this.sites.push(site);
    this.boot(site);
    await this.untilVoters(this.sites.length);
    return site;
  }

  /** Its disk is replaced by an empty one; the settings file is elsewhere. Not started again. */
  async wipe(site: Site): Promise<void> {
    site.process?.kill();
    site.monitor = undefined;
    const cleaner = site.machine.start('wipe', (runtime) => runtime.disk.removeTree(directory));
    await cleaner.finished;
  }

  /** The operator removed it, and stops it. */
  forget(site: Site): void {
    site.process?.kill();
    this.sites.splice(this.sites.indexOf(site), 1);
  }

  /** A client on a machine of its own. */
  async client(credentials: Credentials = this.admin, role = 'client'): Promise<Client> {
    this.#clients += 1;
    const machine = this.world.machine(`${role}-${this.#clients}`);
    let session: MonitorSession | undefined;
    const process = machine.start(role, async (runtime) => {
      session = new MonitorSession(runtime, { credentials, role });
    });
    await process.finished;
    assert.ok(session !== undefined, 'the session was made');
    const { clock } = process.runtime;
    return { machine, process, session, within: (ms) => ({ deadline: monotonicMs(clock.now() + ms) }) };
  }

  /** Throws unless whatever daemon stopped by itself had a disk that failed or was full, or is a monitor no more. */
  checkDeaths(): void {
    for (const { name, process } of this.sites) {
      if (process?.failure === undefined || hasFailedDisk(process.failure) || wasRemoved(process.failure)) continue;
      throw new Error(`mon.${name} stopped`, { cause: process.failure });
    }
  }

  /** Polls in world time. */
  async until(what: string, withinMs: number, holds: () => boolean): Promise<number> {
    const begun = this.world.now;
    while (!holds()) {
      assert.ok(this.world.now < begun + withinMs, `not within ${withinMs} ms: ${what}; ${this.describe()}`);
      await this.world.sleep(10);
    }
    return this.world.now - begun;
  }

  untilVoters(count: number, withinMs = 30_000): Promise<number> {
    return this.until(`${count} monitors vote`, withinMs, () => {
      const { leader } = this;
      if (leader === undefined) return false;
      const { voters, learners } = leader.monitor.status.raft.membership;
      const inMap = [...leader.monitor.state.map.monitors.values()].filter(({ role }) => role === 'voter');
      return voters.length === count && learners.length === 0 && inMap.length === count;
    });
  }

  /** All that run have the same state, byte by byte, under one leader. */
  async untilEqual(withinMs = 30_000): Promise<void> {
    await this.until('all monitors have the same version', withinMs, () => {
      const versions = new Set(this.running.map(({ monitor }) => monitor.state.version));
      return this.leader !== undefined && versions.size === 1;
    });
    const leaders = this.running.filter(({ monitor }) => monitor.status.raft.role === 'leader');
    assert.equal(leaders.length, 1, `one leads: ${this.describe()}`);
    const contents = this.running.map(({ name, monitor }) => ({ name, content: monitor.state.content() }));
    const [first, ...others] = await Promise.all(
      contents.map(async ({ name, content }) => ({ name, bytes: await bytesOf(encodeSnapshot(content)) })),
    );
    for (const other of others) {
      assert.ok(first?.bytes.equals(other.bytes) === true, `mon.${first?.name} and mon.${other.name} differ`);
    }
  }

  describe(): string {
    return this.sites
      .map((site) => {
        if (!isRunning(site)) return `${site.name} is not up`;
        const { raft } = site.monitor.status;
        const { voters, learners } = raft.membership;
        return `${site.name} ${raft.role} term ${raft.term} of ${raft.leader} commit ${raft.commit} (${voters.join()}+${learners.join()}) epoch ${site.monitor.state.map.epoch}`;
      })
      .join('; ');
  }

  async #init(): Promise<void> {
    const name = nameOf(0);
    const machine = this.world.machine(`mon-${name}`);
    const address = { host: machine.host, port };
    await machine.start('init', async (runtime) => {
      const { monitor, admin } = await initCluster(runtime, { directory, name, address });
      this.#admin = admin;
      this.sites.push({ name, machine, credentials: monitor, process: undefined, monitor: undefined });
    }).finished;
    this.boot(this.site(name));
    await this.untilVoters(1);
  }
}

export function isRunning(site: Site): site is Site & { readonly monitor: Monitor } {
  return site.monitor !== undefined && site.process?.isAlive === true;
}

function hasFailedDisk(failure: unknown): boolean {
  for (let error = failure; error instanceof Error; error = error.cause) {
    if (isCairnError(error, 'IO_ERROR') || isCairnError(error, 'NO_SPACE')) return true;
  }
  return false;
}

function nameOf(index: number): string {
  return 'abcdefghij'.charAt(index);
}

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

function wasRemoved(error: unknown): boolean {
  return isCairnError(error, 'CONFLICT') && error.details['isRemoved'] === true;
}
