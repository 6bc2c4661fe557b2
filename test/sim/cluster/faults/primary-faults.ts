/**
 * Faults that leave a PG with a primary which does not know that it is none any more, while somebody still listens to it: clients
 * that read from it, or the members that used to take its entries.
 */
import { poolSet } from '../../../../protocol/commands/pool.js';
import type { Direction } from '../../../../runtime/sim/fabric.js';
import { poolName } from '../storage-cluster.js';
import { tried } from '../tried.js';
import { aimed, bothWays, markDown, oneWay, patienceMs, pickBusyPg } from './busy-pg.js';
import { goodLink } from './network-faults.js';
import type { Fault, FaultTable, Scene } from './fault.js';

/** More PGs than objects would show nothing more. */
const pgNumMax = 32;

/**
 * The primary is on one side with clients that only read, everybody else on the other: members that take over at once, clients
 * that write. What the readers are told is what was written last, or nothing. Before the sides part the readers' side is quiet, since
 * a read of an object waits for what was written to it last and will never be committed there. Where the pool may be split it is: what
 * the primary was promised for the PG it was promised for all its parts.
 */
const company: Fault = async (scene) => {
  const { cluster, world, random } = scene;
  const pg = pickBusyPg(scene);
  if (pg === undefined || pg.others.length === 0) return;
  const { machine } = pg.primary;
  const clients = scene.clients.filter(({ process }) => process.isAlive);
  if (clients.length < 2) return;
  const writer = random.pick(clients);
  const reader = random.pick(clients.filter((client) => client !== writer));
  const readers = clients.filter((client) => client === reader || (client !== writer && random.chance(0.5)));
  const writers = clients.filter((client) => !readers.includes(client));
  for (const client of readers) client.onlyReads = true;
  await scene.pass(random.between(50, 400));
  const monitors = cluster.monitors.sites.map((site) => site.machine);
  const hosts = cluster.hosts.filter((host) => host !== machine);
  const cuts = [
    ...bothWays([machine], [...monitors, ...hosts, ...writers.map((client) => client.machine)]),
    ...bothWays(
      monitors,
      readers.map((client) => client.machine),
    ),
  ];
  for (const cut of cuts) world.network.cut(cut);
  cluster.rush(2_000);
  const told = [markDown(scene, [pg.primary])];
  if (scene.maySplit && random.chance(0.7)) told.push(splitPool(scene));
  else if (random.chance(0.5)) {
    for (const osd of pg.others) {
      osd.process?.kill();
      osd.boot();
    }
  }
  await Promise.all(told);
  await scene.pass(random.between(700, 2_500));
  for (const cut of cuts) world.network.heal(cut);
  for (const client of readers) client.onlyReads = false;
};

async function splitPool({ cluster }: Scene): Promise<void> {
  const { admin, pool } = cluster;
  if (pool.pgNum >= pgNumMax) return;
  const args = { name: poolName, pgNum: pool.pgNum * 2, confirmed: false };
  await tried(admin.session.change(poolSet, args, admin.within(patienceMs)));
}

/**
 * The primary hears nobody but clients, and is heard late by the others: the entries of its term arrive at members that are in the next
 * one by then, and it stays away until they serve without it. Half of the clients do not hear of that either.
 */
const deaf: Fault = async (scene) => {
  const { cluster, world, random } = scene;
  const pg = pickBusyPg(scene);
  if (pg === undefined || pg.others.length === 0) return;
  const { machine } = pg.primary;
  const monitors = cluster.monitors.sites.map((site) => site.machine);
  const hosts = cluster.hosts.filter((host) => host !== machine);
  const clients = scene.clientMachines().filter(() => random.chance(0.5));
  const links = oneWay([machine], hosts);
  const late = { latencyMs: random.between(50, 500), jitterMs: 10 };
  for (const link of links) world.network.setLink(link, late);
  cluster.rush(1_000);
  await scene.pass(random.between(20, 200));
  const cuts: Direction[] = [...oneWay([...monitors, ...hosts], [machine]), ...oneWay(monitors, clients)];
  for (const cut of cuts) world.network.cut(cut);
  await markDown(scene, [pg.primary]);
  await scene.pass(random.between(1_000, 2_000));
  for (const link of links) world.network.setLink(link, goodLink);
  for (const cut of cuts) world.network.heal(cut);
};

export const primaryFaults: FaultTable = [
  ['company', 2, aimed(company)],
  ['deaf', 2, aimed(deaf)],
];
