/** What goes wrong with machines, processes, links, clocks and disks, and what operators do meanwhile. */
import { isCairnError } from '../../../base/errors.js';
import { monRm, monTransfer } from '../../../protocol/commands/mon.js';
import type { Prng } from '../../../runtime/sim/prng.js';
import type { World } from '../../../runtime/sim/world.js';
import type { Client, MonitorCluster, Site } from './monitor-cluster.js';

export interface FaultsOptions {
  readonly cluster: MonitorCluster;
  /** For what operators do. */
  readonly admin: Client;
  readonly isOver: () => boolean;
}

interface Scene extends FaultsOptions {
  readonly world: World;
  readonly random: Prng;
  /** Disks that may yet be lost: each leaves the entries on one monitor less. */
  lossesLeft: number;
}

/** Plenty. */
const diskBytes = 2 ** 40;

type Fault = (scene: Scene, site: Site) => Promise<void>;

/** One after the other, often overlapping. Resolves when all that was begun is over; some of it may have to be mended. */
export async function injectFaults(options: FaultsOptions): Promise<void> {
  const { cluster, isOver } = options;
  const { world } = cluster;
  const random = world.stream('faults');
  const scene: Scene = { ...options, world, random, lossesLeft: 1 };
  const intervalMs = random.pick([200, 600, 1_500]);
  const begun: Promise<void>[] = [];
  while (!isOver()) {
    await world.sleep(random.between(1, 2 * intervalMs));
    if (isOver()) break;
    const [name, fault] = random.pick(faults);
    const site = random.pick(cluster.sites);
    world.note(`fault.${name}`, site.machine.name);
    begun.push(fault(scene, site));
  }
  await Promise.all(begun);
}

/** Whatever is broken is mended, and everybody runs. */
export function mend(cluster: MonitorCluster): void {
  const { network } = cluster.world;
  network.heal();
  network.setLink({}, { lossRate: 0, latencyMs: 0.1, jitterMs: 0.1 });
  for (const site of cluster.sites) {
    if (site.machine.isSuspended) site.machine.resume();
    if (!site.machine.isUp) site.machine.restart();
    const { faults: disk } = site.machine.disk();
    disk.slowdown = 1;
    disk.failNextSyncs = 0;
    disk.setCapacity(diskBytes);
    site.process?.proceed();
    cluster.boot(site);
  }
}

const kill: Fault = async ({ cluster, world, random }, site) => {
  site.process?.kill();
  await world.sleep(random.between(0, 1_000));
  cluster.boot(site);
};

const killAll: Fault = async ({ cluster, world, random }) => {
  for (const { process } of cluster.sites) process?.kill();
  await world.sleep(random.between(0, 1_000));
  for (const site of cluster.sites) cluster.boot(site);
};

const crash: Fault = async ({ cluster, world, random }, site) => {
  site.machine.crash();
  await world.sleep(random.between(0, 3_000));
  if (!site.machine.isUp) site.machine.restart();
  cluster.boot(site);
};

const pause: Fault = async ({ world, random }, { process }) => {
  process?.pause();
  await world.sleep(random.between(0, 4_000));
  process?.proceed();
};

const suspend: Fault = async ({ world, random }, { machine }) => {
  if (!machine.isUp) return;
  machine.suspend();
  await world.sleep(random.between(0, 4_000));
  if (machine.isSuspended) machine.resume();
};

/** From or to everybody, or both. */
const isolate: Fault = async ({ world, random }, { machine: { name } }) => {
  const directions = random.pick([
    [{ from: name }],
    [{ to: name }],
    [{ from: name }, { to: name }],
    [{ from: name }, { to: name }],
  ]);
  for (const direction of directions) world.network.cut(direction);
  await world.sleep(random.between(0, 6_000));
  for (const direction of directions) world.network.heal(direction);
};

const cutPair: Fault = async ({ cluster, world, random }, { machine: { name } }) => {
  const direction = { from: name, to: random.pick(cluster.sites).machine.name };
  world.network.cut(direction);
  await world.sleep(random.between(0, 6_000));
  world.network.heal(direction);
};

const badLinks: Fault = async ({ world, random }, { machine: { name } }) => {
  const bad = random.pick([
    { lossRate: 0.05, latencyMs: 0.1, jitterMs: 0.1 },
    { lossRate: 0.3, latencyMs: 5, jitterMs: 20 },
    { lossRate: 0, latencyMs: 150, jitterMs: 50 },
  ]);
  world.network.setLink({ from: name }, bad);
  world.network.setLink({ to: name }, bad);
  await world.sleep(random.between(0, 4_000));
  world.network.setLink({}, { lossRate: 0, latencyMs: 0.1, jitterMs: 0.1 });
};

const jumpWall: Fault = async ({ random }, { machine }) => {
  machine.jumpWall(random.pick([-86_400_000, -60_000, -1_000, 1_000, 60_000, 3_600_000]));
};

const slowDisk: Fault = async ({ world, random }, { machine }) => {
  const { faults } = machine.disk();
  faults.slowdown = random.pick([10, 100]);
  await world.sleep(random.between(0, 2_000));
  faults.slowdown = 1;
};

const stallDisk: Fault = async ({ random }, { machine }) => {
  machine.disk().faults.stall(random.between(1, 2_000));
};

/** A failed sync is final: the daemon stops, and is started again. */
const failSync: Fault = async ({ cluster, world, random }, site) => {
  const { faults } = site.machine.disk();
  faults.failNextSyncs = 1;
  await world.sleep(random.between(0, 1_000));
  faults.failNextSyncs = 0;
  cluster.boot(site);
};

const fullDisk: Fault = async ({ cluster, world, random }, site) => {
  const disk = site.machine.disk();
  const { capacityBytes } = disk;
  disk.faults.setCapacity(0);
  await world.sleep(random.between(0, 2_000));
  disk.faults.setCapacity(Math.max(capacityBytes, diskBytes));
  cluster.boot(site);
};

/** Only while every other one is well, or a majority might lose what it acknowledged. */
const wipe: Fault = async (scene, site) => {
  const { cluster, world, random } = scene;
  const { leader } = cluster;
  const { raft } = leader?.monitor.status ?? {};
  if (raft === undefined || leader === site || scene.lossesLeft === 0 || raft.membership.voters.length < 3) return;
  const others = raft.progress.filter(({ member }) => member !== site.monitor?.status.raft.membership.voters[0]);
  if (!site.machine.isUp || site.machine.isSuspended || others.some(({ isActive }) => !isActive)) return;
  if (raft.membership.learners.length > 0) return;
  scene.lossesLeft -= 1;
  await cluster.wipe(site);
  await world.sleep(random.between(0, 1_000));
  cluster.boot(site);
};

const transfer: Fault = async ({ admin }, site) => {
  await tried(admin.session.control(monTransfer, { name: site.name }, admin.within(5_000)));
};

const remove: Fault = async ({ cluster, admin }, site) => {
  if (cluster.sites.length <= 3) return;
  await tried(admin.session.control(monRm, { name: site.name, confirmed: true }, admin.within(5_000)));
};

const faults: readonly (readonly [string, Fault])[] = [
  ['kill', kill],
  ['kill', kill],
  ['kill-all', killAll],
  ['crash', crash],
  ['crash', crash],
  ['pause', pause],
  ['suspend', suspend],
  ['isolate', isolate],
  ['isolate', isolate],
  ['cut-pair', cutPair],
  ['bad-links', badLinks],
  ['jump-wall', jumpWall],
  ['slow-disk', slowDisk],
  ['stall-disk', stallDisk],
  ['fail-sync', failSync],
  ['full-disk', fullDisk],
  ['wipe', wipe],
  ['transfer', transfer],
  ['remove', remove],
];

/** Operators take no for an answer. */
async function tried(deed: Promise<unknown>): Promise<void> {
  await deed.catch((error: unknown) => {
    if (!isCairnError(error) || error.code === 'INTERNAL') throw error;
  });
}
