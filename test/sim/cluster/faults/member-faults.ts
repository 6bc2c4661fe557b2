/** Faults of who becomes a member, and of who stays the only one: joins that are cut short, confirmations that come late, maps that do. */
import type { PgId } from '../../../../cluster/ids.js';
import { osdIn, osdOut } from '../../../../protocol/commands/osd.js';
import type { ClusterOsd } from '../cluster-osd.js';
import { replaceDisk } from '../storage-cluster.js';
import { tried } from '../tried.js';
import { aimed, markDown, oneWay, patienceMs, pickBusyPg, turnOff, turnOn } from './busy-pg.js';
import { areDown, areSpareWhileDown, mayLose, pickOsd, type Fault, type FaultTable, type Scene } from './fault.js';
import { goodLink } from './network-faults.js';

/**
 * All but so many members as the pool needs are away, and the primary's word that it serves without them takes a while to get to the
 * monitors. Before it does the rest is away, too, and their disks are lost: all that there is left are those without whom they
 * wanted to serve.
 */
const lateConfirm: Fault = async (scene) => {
  const { cluster, world, random, lostDisks, suspectDisks } = scene;
  const pg = pickBusyPg(scene);
  if (pg === undefined || lostDisks.size > 0 || suspectDisks.size > 0) return;
  const { primary, others } = pg;
  const needed = cluster.pool.minSize - 1;
  const staying = [primary, ...others.slice(0, needed)];
  const leaving = others.slice(needed);
  if (leaving.length === 0) return;
  const monitors = cluster.monitors.sites.map((site) => site.machine);
  const links = oneWay([primary.machine], monitors);
  const latencyMs = random.between(300, 900);
  for (const link of links) world.network.setLink(link, { latencyMs, jitterMs: 1 });
  cluster.rush(500);
  turnOff(leaving);
  await markDown(scene, leaving);
  for (let left = 50; left > 0 && !leadsWith(primary, pg.id, staying.length); left -= 1) await scene.pass(10);
  await scene.pass(random.between(5, 100));
  // It does not hear that it is taken for dead, or it would give up by itself.
  const cuts = oneWay(monitors, [primary.machine]);
  for (const cut of cuts) world.network.cut(cut);
  turnOff(staying.slice(1));
  await markDown(scene, staying);
  // Whatever comes from now on, nobody may be forgotten any more.
  const areSpare = areSpareWhileDown(scene, staying);
  await scene.pass(latencyMs + 200);
  turnOff([primary]);
  for (const cut of cuts) world.network.heal(cut);
  for (const link of links) world.network.setLink(link, goodLink);
  const mayBeWorkedAt = staying.every(({ machine }) => machine.isUp && !machine.isSuspended);
  if (areSpare && areDown(cluster, staying) && lostDisks.size === 0 && mayBeWorkedAt) {
    for (const osd of staying) {
      lostDisks.add(osd);
      await cluster.format(osd);
    }
  }
  turnOn(leaving);
  await scene.pass(random.between(500, 3_000));
  turnOn(staying);
};

function leadsWith({ daemon }: ClusterOsd, pg: PgId, members: number): boolean {
  const role = daemon?.service?.pg(pg)?.primary;
  return role?.isActive === true && role.term.record.acting.length === members;
}

/**
 * Data moves to an OSD, with an empty disk or for one that is drained, and again and again somebody dies in the middle of it, mostly who joins:
 * what it has noted of how far it is must not be more than what it has.
 */
const brokenJoins: Fault = async (scene) => {
  const { cluster, world, random, lostDisks } = scene;
  const { admin } = cluster;
  const osd = pickOsd(scene);
  if (!osd.isServing() || !osd.isWanted || osd.machine.isSuspended) return;
  const osds = [osd.id];
  const isLost = random.chance(0.7) && mayLose(scene, osd);
  if (isLost) {
    lostDisks.add(osd);
    await replaceDisk(cluster, osd);
    osd.boot();
  } else await tried(admin.session.change(osdOut, { osds }, admin.within(patienceMs)));
  const end = world.now + random.between(2_000, 6_000);
  while (world.now < end && !scene.isOver()) {
    await scene.pass(random.between(1, 10));
    const joins = joinsUnderWay(scene);
    if (joins.length === 0) continue;
    const { joiner, primary } = random.pick(joins);
    await scene.pass(random.between(0, 80));
    const victim = random.chance(0.8) ? joiner : primary;
    victim.process?.kill();
    victim.boot();
  }
  if (!isLost) await tried(admin.session.change(osdIn, { osds }, admin.within(patienceMs)));
};

function joinsUnderWay({ cluster }: Scene): { readonly joiner: ClusterOsd; readonly primary: ClusterOsd }[] {
  return cluster.pgs().flatMap(({ id, record }) => {
    const primary = cluster.osds.find((osd) => osd.id === record?.acting[0]?.osd);
    return cluster.osds.flatMap((joiner) => {
      const pg = joiner.isServing() ? joiner.daemon?.service?.pg(id) : undefined;
      return primary !== undefined && pg?.joiner !== undefined && !pg.copy.isComplete ? [{ joiner, primary }] : [];
    });
  });
}

/**
 * What the leading monitor tells the others gets lost now and then, connection by connection: an OSD may hear that it is registered well
 * before it sees the map that says so. Meanwhile OSDs are new, get new disks, start again.
 */
const lateMaps: Fault = async (scene) => {
  const { cluster, world, random, lostDisks } = scene;
  const { leader, sites } = cluster.monitors;
  if (leader === undefined) return;
  const links = oneWay(
    [leader.machine],
    sites.map(({ machine }) => machine),
  );
  for (const link of links) world.network.setLink(link, { lossRate: 0.4 });
  for (let left = 3 + random.below(6); left > 0 && !scene.isOver(); left -= 1) {
    await scene.pass(random.between(100, 800));
    const osd = pickOsd(scene);
    const { name } = random.pick(cluster.hosts);
    if (random.chance(0.3) && cluster.osds.length < osdsMax && cluster.hasFreeSlot(name))
      await tried(cluster.add(name));
    else if (!osd.isWanted || !osd.machine.isUp || osd.machine.isSuspended) continue;
    else if (random.chance(0.5) && mayLose(scene, osd)) {
      lostDisks.add(osd);
      await replaceDisk(cluster, osd);
      osd.boot();
    } else {
      osd.process?.kill();
      osd.boot();
    }
  }
  for (const link of links) world.network.setLink(link, goodLink);
};
const osdsMax = 14;

export const memberFaults: FaultTable = [
  ['late-confirm', 2, aimed(lateConfirm)],
  ['broken-joins', 2, aimed(brokenJoins)],
  ['late-maps', 1, aimed(lateMaps)],
];
