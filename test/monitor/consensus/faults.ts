/** Everything that goes wrong with machines, disks, processes and links while the clients work. */
import type { Prng } from '../../../runtime/sim/prng.js';
import type { Cluster, Site } from './cluster.js';

/** Until `isOver`, one after the other, often overlapping. */
export async function injectFaults(cluster: Cluster, isOver: () => boolean): Promise<void> {
  const { world } = cluster;
  const random = world.stream('faults');
  const intervalMs = random.pick([30, 80, 200]);
  while (!isOver()) {
    await world.sleep(random.between(1, 2 * intervalMs));
    cluster.checkDeaths();
    for (const other of cluster.sites) if (random.chance(0.5)) cluster.boot(other);
    const site = random.pick(cluster.sites);
    const fault = random.pick(faults);
    const done = fault(cluster, site, random);
    done?.catch((error: unknown) => cluster.fail(error));
  }
}

/** A disk that stalls does so for 0.3 s at most; one that is slow, for 0.5 s. */
const closeMs = 5_000;

const ampleBytes = 2 ** 40;

type Fault = (cluster: Cluster, site: Site, random: Prng) => Promise<void> | undefined;

const crash: Fault = (cluster, site, random) => {
  if (!site.machine.isUp) return undefined;
  site.machine.crash();
  return later(cluster, random.between(0, 300), () => {
    if (!site.machine.isUp) site.machine.restart();
    cluster.boot(site);
  });
};

const kill: Fault = (cluster, site, random) => {
  site.process?.kill();
  return later(cluster, random.between(0, 100), () => cluster.boot(site));
};

/** The power fails for all at once: whatever no disk has is gone. */
const blackout: Fault = (cluster, _site, random) => {
  for (const { machine } of cluster.sites) if (machine.isUp) machine.crash();
  return later(cluster, random.between(0, 100), () => {
    for (const site of cluster.sites) {
      if (!site.machine.isUp) site.machine.restart();
      cluster.boot(site);
    }
  });
};

/** An orderly stop and a start: whatever was under way, it ends, and the next process gets the directory. */
const close: Fault = async (cluster, site, random) => {
  const { process, running } = site;
  if (running === undefined || process?.isAlive !== true) return;
  const closing = running.consensus.close();
  if (random.chance(0.5)) {
    const isOver = await Promise.race([closing.then(() => true), cluster.world.sleep(closeMs).then(() => false)]);
    if (!isOver && process.isAlive) throw new Error(`member ${site.member} does not close`);
  }
  process.kill();
  cluster.boot(site);
};

const pause: Fault = (cluster, site, random) => {
  const { process } = site;
  process?.pause();
  return later(cluster, random.between(0, 500), () => process?.proceed());
};

const suspend: Fault = (cluster, site, random) => {
  site.machine.suspend();
  return later(cluster, random.between(0, 500), () => site.machine.resume());
};

const isolate: Fault = (cluster, site, random) => {
  const isOneWay = random.chance(0.4);
  const isOutward = random.chance(0.5);
  for (const other of cluster.sites) {
    if (other === site) continue;
    if (!isOneWay || isOutward) cluster.network.cut(site.member, other.member);
    if (!isOneWay || !isOutward) cluster.network.cut(other.member, site.member);
  }
  return later(cluster, random.between(0, 500), () => cluster.network.heal());
};

const cutLink: Fault = (cluster, site, random) => {
  cluster.network.cut(site.member, random.pick(cluster.sites).member);
  return later(cluster, random.between(0, 500), () => cluster.network.heal());
};

const split: Fault = (cluster, _site, random) => {
  const side = new Set(cluster.sites.filter(() => random.chance(0.5)).map(({ member }) => member));
  for (const { member: from } of cluster.sites) {
    for (const { member: to } of cluster.sites) if (side.has(from) !== side.has(to)) cluster.network.cut(from, to);
  }
  return later(cluster, random.between(0, 500), () => cluster.network.heal());
};

const slowDisk: Fault = (cluster, site, random) => {
  const { faults: disk } = site.machine.disk();
  disk.slowdown = random.pick([10, 100, 400]);
  return later(cluster, random.between(0, 500), () => {
    disk.slowdown = 1;
  });
};

const stallDisk: Fault = (_cluster, site, random) => {
  site.machine.disk().faults.stall(random.between(1, 300));
  return undefined;
};

const failSync: Fault = (cluster, site) => {
  site.machine.disk().faults.failNextSyncs = 1;
  return later(cluster, 200, () => cluster.boot(site));
};

const failRead: Fault = (cluster, site) => {
  site.machine.disk().faults.failNextReads = 1;
  return later(cluster, 200, () => cluster.boot(site));
};

const failWrite: Fault = (cluster, site) => {
  site.machine.disk().faults.failNextWrites = 1;
  return later(cluster, 200, () => cluster.boot(site));
};

/** Something else fills the disk for a while. */
const fillDisk: Fault = (cluster, site, random) => {
  const disk = site.machine.disk();
  disk.faults.setCapacity(0);
  return later(cluster, random.between(0, 300), () => {
    disk.faults.setCapacity(ampleBytes);
    cluster.boot(site);
  });
};

const transfer: Fault = (cluster, site) => {
  const { leader } = cluster;
  if (leader === undefined) return undefined;
  leader.running.consensus.transfer(site.member, {}).catch(() => undefined);
  return undefined;
};

/** A machine loses its disk: only while nobody's loss is still in the membership, or a majority might go. */
const wipe: Fault = (cluster, site, random) => {
  const membership = cluster.leader?.running.consensus.status.membership;
  if (membership === undefined || !random.chance(0.5)) return undefined;
  const { voters, learners } = membership;
  const isWhole = [...voters, ...learners].every((member) => cluster.siteOf(member) !== undefined);
  // Of two voters each is half of every majority; and what an old leader says of the membership may be old.
  const isSpare = !voters.includes(site.member) || (voters.length >= 3 && cluster.lossesLeft > 0);
  if (!isWhole || !isSpare) return undefined;
  if (voters.includes(site.member)) cluster.lossesLeft -= 1;
  return cluster.wipe(site).then(() => cluster.boot(site));
};

const faults: readonly Fault[] = [
  crash,
  crash,
  kill,
  blackout,
  close,
  pause,
  suspend,
  isolate,
  isolate,
  cutLink,
  split,
  slowDisk,
  stallDisk,
  failSync,
  failRead,
  failWrite,
  fillDisk,
  transfer,
  wipe,
];

async function later(cluster: Cluster, ms: number, act: () => void): Promise<void> {
  await cluster.world.sleep(ms);
  act();
}

/** Whatever is broken is mended, and everybody runs. */
export function mend(cluster: Cluster): void {
  cluster.network.makePeace();
  for (const site of cluster.sites) {
    const { faults: disk } = site.machine.disk();
    disk.slowdown = 1;
    disk.failNextSyncs = 0;
    disk.failNextReads = 0;
    disk.failNextWrites = 0;
    disk.setCapacity(ampleBytes);
    if (!site.machine.isUp) site.machine.restart();
    if (site.machine.isSuspended) site.machine.resume();
    site.process?.proceed();
    cluster.boot(site);
  }
}
