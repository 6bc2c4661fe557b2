/** What a fault is given, and what all of them together may break. */
import { isSameMember } from '../../../../cluster/pg/members.js';
import type { Member } from '../../../../cluster/pg-record.js';
import type { Machine } from '../../../../runtime/sim/machine.js';
import type { Prng } from '../../../../runtime/sim/prng.js';
import type { SimProcess } from '../../../../runtime/sim/process.js';
import type { World } from '../../../../runtime/sim/world.js';
import type { ClusterOsd } from '../cluster-osd.js';
import type { ObjectClient } from '../object-client.js';
import type { StorageCluster } from '../storage-cluster.js';

export interface Scene {
  readonly cluster: StorageCluster;
  readonly world: World;
  readonly random: Prng;
  /** So long, or until peace comes: then whatever was begun is ended, and nobody works in a world that only waits. */
  readonly pass: (ms: number) => Promise<void>;
  /** Of clients too. */
  readonly machines: () => readonly Machine[];
  readonly clientMachines: () => readonly Machine[];
  readonly clients: readonly ObjectClient[];
  /** One vanishes, unless it is the last. */
  readonly loseClient: () => void;
  /** Faults under way that are aimed at one PG. */
  readonly aims: Set<Fault>;
  /** Peace has come. */
  readonly isOver: () => boolean;
  /** Faults may give the pool more PGs. */
  readonly maySplit: boolean;
  /** Disks whose content was lost or went back, and whose PGs may not be whole again yet. */
  readonly lostDisks: Set<ClusterOsd>;
  /** Disks that go on although a sync failed: what the page cache still shows may be gone with the next loss of power. */
  readonly suspectDisks: Set<ClusterOsd>;
}

/** Resolves when it is over. What it leaves behind is mended at the end. */
export type Fault = (scene: Scene) => Promise<void>;

export type FaultTable = readonly (readonly [name: string, weight: number, fault: Fault])[];

export function pickOsd({ cluster, random }: Scene): ClusterOsd {
  return random.pick(cluster.osds.filter(({ isRetired }) => !isRetired));
}

/** Daemons of OSDs and monitors that run on that machine. */
export function processesOn({ cluster }: Scene, machine: Machine): SimProcess[] {
  const osds = cluster.osds.filter((osd) => osd.machine === machine).map(({ process }) => process);
  const monitors = cluster.monitors.sites.filter((site) => site.machine === machine).map(({ process }) => process);
  return [...osds, ...monitors].filter((process) => process?.isAlive === true) as SimProcess[];
}

/** Servers only. */
export function pickServer({ cluster, random }: Scene): Machine {
  const monitors = cluster.monitors.sites.map(({ machine }) => machine);
  return random.chance(0.25) ? random.pick(monitors) : random.pick(cluster.hosts);
}

/**
 * Whether the cluster survives the loss of what this disk holds: each PG that counts on it has another member that is up, and
 * no other disk was lost since all was well. (PG-PROTOCOL.md section 1: every member of `acting` and `eligible` has all that
 * was acknowledged.)
 */
export function mayLose(scene: Scene, osd: ClusterOsd): boolean {
  return scene.lostDisks.size === 0 && scene.suspectDisks.size === 0 && isSpare(scene, osd);
}

/** Now: whoever is about to take a disk away asks again, since members may have gone down while it failed. */
export function isSpare({ cluster }: Scene, osd: ClusterOsd): boolean {
  const info = osd.in(cluster.monitors);
  if (info === undefined || osd.isRetired) return false;
  const self = { osd: osd.id, store: info.store };
  return cluster.pgs().every(({ record }) => {
    const members = [...(record?.acting ?? []), ...(record?.eligible ?? [])];
    const others = members.filter((member) => !isSameMember(member, self));
    if (others.length === members.length) return true;
    return others.some(({ osd: other }) => cluster.osds.some((one) => one.id === other && one.isServing()));
  });
}

/**
 * As `mayLose`, of several disks at once whose OSDs are marked down, though nobody of their PGs may be up: each record names another
 * member that has its disk. As long as they are down nobody may make the monitors forget that one: whoever acts would have to be up.
 */
export function areSpareWhileDown({ cluster, lostDisks, suspectDisks }: Scene, osds: readonly ClusterOsd[]): boolean {
  if (lostDisks.size > 0 || suspectDisks.size > 0 || !areDown(cluster, osds)) return false;
  return cluster.pgs().every(({ record }) => {
    const members = [...(record?.acting ?? []), ...(record?.eligible ?? [])];
    const others = members.filter((member) => !osds.some(({ id }) => id === member.osd));
    return others.length === members.length || others.some((member) => hasItsDisk(cluster, member));
  });
}

export function areDown({ monitors }: StorageCluster, osds: readonly ClusterOsd[]): boolean {
  return osds.every((osd) => osd.in(monitors)?.isUp === false);
}

function hasItsDisk({ osds, monitors }: StorageCluster, { osd, store }: Member): boolean {
  const found = osds.find(({ id }) => id === osd);
  return found !== undefined && !found.isRetired && found.in(monitors)?.store === store;
}

/** Notes when the PGs are whole again after a disk was lost. */
export function noteRecovery({ cluster, lostDisks }: Scene): void {
  if (lostDisks.size > 0 && cluster.unclean().length === 0) lostDisks.clear();
}
